"""The purchases of a card in instalments, as pages and agents' tools show them."""

from apps.banking.cards.bills import series_of_card
from apps.banking.cards.lines import read_card
from apps.banking.models import Account, Transaction
from apps.banking.pages.bill_rows import SeriesRow, series_row

# So many purchases are listed.
MOST = 200


def purchases_of(account: Account) -> list[SeriesRow]:
    """The purchases, the one with the newest instalment first."""
    card = read_card(account)
    last = {series.parts[-1].id: series for series in series_of_card(card) if series.parts[-1].owed > 0}
    chosen = sorted(last, key=lambda pk: (last[pk].parts[-1].date, pk), reverse=True)[:MOST]
    words = dict(Transaction.objects.filter(pk__in=chosen).values_list("pk", "description"))
    months = [cycle.month for cycle in card.cycles.all]
    return [series_row(last[pk], words, months, card.cycles.open) for pk in chosen]
