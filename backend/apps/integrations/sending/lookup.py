"""Asking the vendor whether a message was sent, where the vendor can be asked."""

import logging

from apps.integrations.catalogue import BY_PROVIDER
from apps.integrations.models import Send
from apps.integrations.plug import plug
from apps.integrations.store.scope import acting_for
from plugfn.errors import PlugFnError

logger = logging.getLogger(__name__)

# The action that finds sent messages by the id of our call.
FIND = "messages.find"
LOOKUP_SECONDS = 15.0


def was_sent(send: Send) -> str | None:
    """The vendor's id of the message; empty if the vendor does not have it, or cannot say now; None if it has no way
    to ask."""
    if send.integration_id is None or FIND not in BY_PROVIDER[send.provider].definition.actions:
        return None
    try:
        with acting_for(send.client_id):
            found = plug().run(
                f"{send.provider}.{FIND}",
                user_id=str(send.client_id),
                connection_id=send.integration_id.hex,
                params={"tracking": send.pk.hex},
                timeout=LOOKUP_SECONDS,
            )
    except PlugFnError as error:
        logger.info("A send could not be looked up: %s", error.code)
        return ""
    return found.messages[0].id if found.messages else ""
