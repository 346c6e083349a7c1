"""The action of SendGrid: send a message."""

from plugfn.definition import Call
from plugfn.mail.send import SendEmail, Sent
from plugfn.providers.email_sendgrid.credentials import SendGridCredentials
from plugfn.providers.email_sendgrid.definition import provider
from plugfn.providers.email_sendgrid.request import request


@provider.action(
    "messages.send",
    summary="Sends an e-mail, with text, HTML and attachments, to up to 1000 recipients.",
    scopes=("mail.send",),
    timeout=60.0,
)
async def send(call: Call[SendGridCredentials], params: SendEmail) -> Sent:
    """Returns when SendGrid has accepted the message; events say which recipients it reaches."""
    body = request(call.credentials.mailbox(params), params, call.attempt_id)
    answer = await call.http.post("/v3/mail/send", json=body)
    # SendGrid has accepted the message, so a missing id is no error: events contain the reference.
    message_id = answer.headers.get("x-message-id", "") or call.attempt_id
    return Sent(message_id=message_id, reference=call.attempt_id, accepted=params.recipients())
