"""A connection in plain words: its state, whose turn it is, and the bank's sign."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.banking.aggregators.verdict import Action
from apps.banking.connect.advice import PAUSED, STALE, Advice, Who, advice_for
from apps.banking.models import Connection
from apps.banking.pages.freshness import Freshness, freshness

State = Connection.State
# The only place outside from which a page loads something, and only while the real Pluggy is in use.
LOGOS = "https://cdn.pluggy.ai"
_REAL_PLUGGY = "https://api.pluggy.ai"
_OTHERS = {
    State.CONNECTING: ("busy", gettext_lazy("Connecting")),
    State.OUTDATED: ("warn", gettext_lazy("Bank not reachable")),
    State.DELETED: ("idle", gettext_lazy("Disconnected")),
}


@dataclass(frozen=True)
class Card:
    """What a page shows of a connection. `tone` is one of the badge's."""

    connection: Connection
    name: str
    logo: str
    tone: str
    state: str
    advice: Advice
    freshness: Freshness
    is_ending: bool

    @property
    def needs_person(self) -> bool:
        """Whether the person must act before new data arrives."""
        return self.connection.state == State.NEEDS_USER and self.advice.who == Who.PERSON

    @property
    def is_ailing(self) -> bool:
        """Whether there is more to say than that all is well."""
        return self.tone in ("warn", "bad")

    @property
    def is_under_way(self) -> bool:
        """Whether there is a progress to watch, or a question of the bank to answer there."""
        waits = self.connection.action in (Action.ANSWER_MFA, Action.AUTHORIZE_AT_BANK, Action.AWAIT_APPROVAL)
        return (waits or self.connection.state == State.CONNECTING) and self.advice is not PAUSED and not self.is_ending

    @property
    def way(self) -> str:
        """The address of the page that the advice's button opens; empty if the person can do nothing there."""
        if self.connection.state == State.DELETED or self.is_ending or not self.advice.button:
            return ""
        if self.advice.repairs:
            return reverse("banking:reconnect", args=[self.connection.pk])
        is_about_credentials = self.connection.action == Action.ADD_CREDENTIALS
        return reverse("banking:credentials" if is_about_credentials else "banking:connect")


def card_of(connection: Connection, name: str = "") -> Card:
    """The card of a connection that was read with its connector. `name` is what the list calls it."""
    age = freshness(connection)
    advice = _advice(connection, age)
    is_ending = bool(connection.disconnect_asked_at) and connection.state != State.DELETED
    tone, state = ("busy", _("Being disconnected")) if is_ending else _state(connection, advice, age)
    return Card(connection, name or name_of(connection), logo_of(connection), tone, state, advice, age, is_ending)


def name_of(connection: Connection) -> str:
    """The bank's name, as people know it."""
    return connection.connector.name if connection.connector else _("Bank")


def logo_of(connection: Connection) -> str:
    """The address of the bank's logo, if it may be loaded; empty for the first letter instead."""
    address = connection.connector.image_url if connection.connector else ""
    return address if address.startswith(f"{LOGOS}/") and settings.PLUGGY_API_URL == _REAL_PLUGGY else ""


def _advice(connection: Connection, age: Freshness) -> Advice:
    if connection.paused_at and connection.state != State.DELETED:
        return PAUSED
    is_stale = age.is_stale and connection.state == State.ACTIVE and not connection.action
    return STALE if is_stale else advice_for(connection.action)


def _state(connection: Connection, advice: Advice, age: Freshness) -> tuple[str, str]:
    if advice is PAUSED:
        return "warn", _("Paused by the operators")
    if connection.state == State.NEEDS_USER:
        return ("bad", _("Needs the operator")) if advice.who == Who.STAFF else ("warn", _("Needs you"))
    if connection.state != State.ACTIVE:
        tone, state = _OTHERS[State(connection.state)]
        return tone, str(state)
    if age.is_stale:
        return "warn", _("Data is old")
    if connection.execution_status == "PARTIAL_SUCCESS":
        return "info", _("Partly up to date")
    return "good", _("Up to date")
