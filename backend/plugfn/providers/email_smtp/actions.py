"""What can be done over SMTP: send."""

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
"""What every server takes for one message (RFC 5321, 4.5.3.1.8)."""


@provider.action(
    "messages.send",
    summary="Sends an e-mail, with text, HTML and attachments, to up to 100 recipients.",
    timeout=300.0,
)
async def send(call: Call[SmtpCredentials], params: SendEmail) -> Sent:
    """The message is the server's when this returns; refused recipients are listed and are no error."""
    call.doubt.possible = False
    recipients = params.recipients()
    if len(recipients) > MOST_RECIPIENTS:
        problem = Problem("to", f"has, with cc and bcc, more than {MOST_RECIPIENTS} recipients")
        raise InvalidParams("an SMTP server takes fewer recipients", problems=[problem])
    sender = call.credentials.mailbox(params)
    named = message_id(call.attempt_id, sender.email)
    # In a thread: 18 MB of attachments are half a second of work.
    message = await asyncio.to_thread(build, sender, params, message_id=named, now=datetime.now(UTC))
    envelope = Envelope(sender.email, recipients, needs_utf8(sender, params))
    async with dialogue(call) as smtp:
        await deliver(smtp, envelope, message, call.doubt)
    return Sent(message_id=named, reference=call.attempt_id, accepted=envelope.accepted, rejected=envelope.rejected)
