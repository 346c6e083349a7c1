"""What lists call connections: the bank's name, and if several are of one bank, what tells them apart."""

from collections import Counter
from collections.abc import Iterable

from django.db.models import F
from django.utils.translation import gettext as _

from apps.banking.models import Account, Connection
from apps.banking.pages.connection_card import name_of
from lib.pages import display

# So many digits of an account's number are shown, and never more than half of it. A card's number has no others.
DIGITS = 4


def bank_names(connections: Iterable[Connection]) -> dict[int, str]:
    """The name of each connection, by its number. They were read with their connectors.

    Several of one bank are told apart by the last digits of an account; if these are alike or unknown, by the moment
    of connecting. Makes a query only if there are several of one bank.
    """
    every = {connection.pk: connection for connection in connections}
    names = {pk: name_of(connection) for pk, connection in every.items()}
    alike = _alike(names)
    for pk, digits in _last_digits(alike).items():
        names[pk] = _("%(bank)s, ending in %(digits)s") % {"bank": names[pk], "digits": digits}
    for pk in _alike(names):
        since = display.moment(every[pk].created_at)
        names[pk] = _("%(bank)s, connected %(since)s") % {"bank": names[pk], "since": since}
    return names


def _alike(names: dict[int, str]) -> list[int]:
    counts = Counter(names.values())
    return [pk for pk, name in names.items() if counts[name] > 1]


def _last_digits(connections: list[int]) -> dict[int, str]:
    """The last digits of each connection's first account, or of its first card. Closed accounts come last."""
    if not connections:
        return {}
    accounts = Account.objects.filter(connection_id__in=connections).exclude(number_sealed=None)
    found: dict[int, str] = {}
    for account in accounts.only("connection_id", "vendor_id", "type", "number_sealed").order_by(
        F("deleted_at").desc(nulls_first=True), "type", "pk"
    ):
        if account.connection_id not in found and (digits := _end(account)):
            found[account.connection_id] = digits
    return found


def _end(account: Account) -> str:
    letters = "".join(filter(str.isalnum, str(account.number)))
    most = DIGITS if account.is_card else min(DIGITS, len(letters) // 2)
    return letters[-most:] if most else ""
