"""The action of SMTP: send a message."""

import asyncio
from datetime import UTC, datetime

from plugfn.definition import Call
from plugfn.errors import InvalidParams, Problem
from plugfn.mail.mime import build, message_id, needs_utf8
from plugfn.mail.send import SendEmail, Sent
from plugfn.providers.email_smtp.credentials import SmtpCredentials
from plugfn.providers.email_smtp.definition import provider
from plugfn.providers.email_smtp.delivery import Envelope, deliver
from plugfn.providers.email_smtp.dialogue import dialogue

MOST_RECIPIENTS = 100
"""The recipients that every server must accept for one message (RFC 5321, 4.5.3.1.8)."""


@provider.action(
    "messages.send",
    summary="Sends an e-mail, with text, HTML and attachments, to up to 100 recipients.",
    timeout=300.0,
)
async def send(call: Call[SmtpCredentials], params: SendEmail) -> Sent:
    """Returns when the server has accepted the message. Recipients that it refused are listed, and are no error."""
    call.doubt.possible = False
    recipients = params.recipients()
    if len(recipients) > MOST_RECIPIENTS:
        problem = Problem("to", f"to, cc and bcc have more than {MOST_RECIPIENTS} recipients together")
        raise InvalidParams("too many recipients for one SMTP message: send several", problems=[problem])
    sender = call.credentials.mailbox(params)
    own_message_id = message_id(call.attempt_id, sender.email)
    # In a thread, because building 18 MB of attachments takes half a second.
    now = datetime.now(UTC)
    message = await asyncio.to_thread(build, sender, params, message_id=own_message_id, now=now)
    envelope = Envelope(sender.email, recipients, needs_utf8(sender, params))
    async with dialogue(call) as smtp:
        await deliver(smtp, envelope, message, call.doubt)
    return Sent(
        message_id=own_message_id,
        reference=call.attempt_id,
        accepted=envelope.accepted,
        rejected=envelope.rejected,
    )
