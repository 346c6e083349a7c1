"""Tools that send. They ask for a send, which a worker delivers once, and say how to see what became of it."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from apps.agents.caller import Caller
from apps.agents.contract import Answer, Arguments, tool
from apps.agents.failures import Refusal
from apps.api.scopes import Scope
from apps.integrations.models import Send
from apps.integrations.sending.request import request_send
from apps.integrations.tools.shared import OfIntegration, explained, integration_of, limit

WHATSAPP = "whatsapp_uazapi"
MAIL = ("email_smtp", "email_sendgrid")


class Once(OfIntegration):
    """A send that a repeated call does not repeat."""

    idempotency_key: Annotated[
        str | None,
        Field(min_length=1, max_length=255, description="A text of yours: the same text within a day sends once."),
    ] = None


class WhatsAppMessage(Once):
    """A text to one person."""

    phone: Annotated[str, Field(max_length=40, description="The number, as people write it: +55 11 98888-7777.")]
    message: Annotated[str, Field(min_length=1, max_length=4096, description="The text.")]


class Mail(Once):
    """An e-mail."""

    to: Annotated[list[str], Field(min_length=1, max_length=20, description="The recipients' addresses.")]
    subject: Annotated[str, Field(min_length=1, max_length=200, description="One line.")]
    text: Annotated[str, Field(min_length=1, max_length=50_000, description="The plain text.")]


class OfMessage(Arguments):
    """One message."""

    message_id: Annotated[UUID, Field(description="The id that the tool that sent it returned.")]


@tool(title="Send a WhatsApp message", scope=Scope.WRITE, reads_only=False, idempotent=False, calls_out=True)
def send_whatsapp_message(caller: Caller, asked: WhatsAppMessage) -> Answer:
    """Send a text from the client's own WhatsApp number. The person must have asked for exactly this message.

    It returns at once; `get_message_status` says what became of it. People who opted out get nothing.
    """
    params = {"to": asked.phone, "text": asked.message}
    return _send(caller, asked, "send_whatsapp_message", params, WHATSAPP)


@tool(title="Send an e-mail", scope=Scope.WRITE, reads_only=False, idempotent=False, calls_out=True)
def send_email(caller: Caller, asked: Mail) -> Answer:
    """Send an e-mail from the client's own mail account. The person must have asked for exactly this message.

    It returns at once; `get_message_status` says what became of it. People who opted out get nothing.
    """
    return _send(caller, asked, "send_email", {"to": asked.to, "subject": asked.subject, "text": asked.text}, *MAIL)


@tool(title="What became of a message")
def get_message_status(caller: Caller, asked: OfMessage) -> Answer:
    """Whether a message was sent, delivered or read, or why it failed. An unknown one may have arrived."""
    send = caller.rows(Send).filter(pk=asked.message_id).first()
    if send is None:
        raise Refusal("NOT_FOUND", "There is no such message.", "Use an id that a sending tool returned.")
    return Answer(_state(send))


def _send(caller: Caller, asked: Once, name: str, params: Mapping[str, Any], *providers: str) -> Answer:
    integration = integration_of(caller, asked.integration_id, *providers)
    limit(integration, name)
    with explained():
        send, made = request_send(integration, params, source=Send.Source.AGENT, key=asked.idempotency_key)
    return Answer({**_state(send), "is_repetition": not made})


def _state(send: Send) -> dict[str, Any]:
    at = {"sent_at": send.sent_at, "delivered_at": send.delivered_at, "read_at": send.read_at}
    times = {name: moment.isoformat() for name, moment in at.items() if moment is not None}
    return {"message_id": str(send.pk), "status": send.state, "error_code": send.error_code, **times}
