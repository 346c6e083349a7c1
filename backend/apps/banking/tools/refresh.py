"""The only tool of banking that does something: it asks a bank for new data, and does not wait for it."""

from apps.agents.caller import Caller
from apps.agents.contract import Answer, tool
from apps.agents.failures import Refusal
from apps.api import trail
from apps.api.scopes import Scope
from apps.banking.connect.advice import advice_for
from apps.banking.connect.refresh import ASKED, Outcome, Refreshed, refresh
from apps.banking.models import Connection
from apps.banking.tools.connections import OfOne
from apps.banking.tools.health import moment
from apps.banking.tools.shapes import compact, one

_REFUSALS = {
    Outcome.TOO_SOON: ("The bank was asked a moment ago.", "Call again at `next_at` at the earliest."),
    Outcome.BANK_DOWN: ("The bank cannot be reached now.", "Tell the person that Ponte tries again by itself."),
    Outcome.GONE: ("The connection does not exist any more.", "Tell the person to connect the bank again in Ponte."),
}
_OTHERS = ("This server may not ask the bank.", "Tell the person that its operators must act.")


@tool(
    title="Ask a bank for new data",
    scope=Scope.SYNC,
    reads_only=False,
    idempotent=False,
    calls_out=True,
)
def refresh_connection(caller: Caller, asked: OfOne) -> Answer:
    """Ask one bank for new data. It returns at once; the data arrives within minutes, seen in `get_connection_status`.

    At most once a minute for a connection, and as often as the bank allows. Use it only if the person wants newer data.
    """
    connection = one(caller.rows(Connection).select_related("connector"), asked.connection_id, "connection")
    refreshed = refresh(connection)
    outcome = str(refreshed.outcome)
    trail.changed(caller.access, "connection.sync", connection, outcome=outcome)
    if refreshed.outcome not in ASKED:
        raise _refusal(refreshed)
    return Answer(compact(outcome=outcome, next_at=moment(refreshed.next_at)))


def _refusal(refreshed: Refreshed) -> Refusal:
    message, advice = _REFUSALS.get(refreshed.outcome, _OTHERS)
    if refreshed.outcome is Outcome.NEEDS_USER:
        said = advice_for(refreshed.action)
        message, advice = str(said.happened), f"Tell the person: {said.next}"
    details = compact(next_at=moment(refreshed.next_at), reason=refreshed.code)
    return Refusal(str(refreshed.outcome).upper(), message, advice, details)
