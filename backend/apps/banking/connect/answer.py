"""Answer the bank: give it the code, the choice or the word in a picture that it asks a person for."""

from django.db import transaction

from apps.banking.aggregators.contract import Gone
from apps.banking.aggregators.registry import aggregator
from apps.banking.connect.applications import application_for
from apps.banking.connect.errors import Disconnecting, NothingAsked
from apps.banking.connect.turns import take_turn
from apps.banking.models import Connection
from apps.banking.sync.item_events import request_sync

# No bank asks for more. A longer value is a mistake.
LONGEST = 200


def answer_mfa(connection: Connection, value: str) -> None:
    """Send `value` to the bank, through the aggregator. It is never stored, and no log shows it.

    Raises NothingAsked if the bank waits for no value (any more), Disconnecting, and the aggregator's errors: with the
    action NEW_MFA_CODE or START_AGAIN, the person must begin again.
    """
    if connection.deleted_at:
        raise NothingAsked
    if connection.disconnect_asked_at:
        raise Disconnecting
    if not 0 < len(value) <= LONGEST:
        raise NothingAsked
    take_turn(connection.pk)
    application = application_for(connection)
    try:
        # Our row may be older than the bank's question.
        state = application.open(connection.vendor_id, credential=connection.credential).item()
    except Gone:
        raise NothingAsked from None
    request = aggregator(connection.aggregator).told(state.row).request
    if request is None or not request.wants_value:
        raise NothingAsked
    application.answer(connection.vendor_id, request.name, value)
    with transaction.atomic():
        request_sync(connection)
