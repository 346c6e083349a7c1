"""What can be done at SendGrid: send."""

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
    """SendGrid has taken the message when this returns; whom it reaches is told by events."""
    body = request(call.credentials.mailbox(params), params, call.attempt_id)
    answer = await call.http.post("/v3/mail/send", json=body)
    # The message is out: an answer without its id is no reason to fail, and events carry the reference.
    named = answer.headers.get("x-message-id", "") or call.attempt_id
    return Sent(message_id=named, reference=call.attempt_id, accepted=params.recipients())
