"""The SMTP provider: where its calls go, and how a connection is tested."""

from typing import Any

from plugfn.definition import Call, Form, Origin, Provider
from plugfn.providers.email_smtp.credentials import SmtpCredentials, SmtpSettings
from plugfn.providers.email_smtp.dialogue import at, dialogue
from plugfn.providers.email_smtp.meaning import Stage


def _origin(_settings: Any, credentials: SmtpCredentials) -> Origin:
    host = f"[{credentials.host}]" if ":" in credentials.host else credentials.host
    return Origin(f"smtp://{host}:{credentials.port}", trusted=False)


async def _test(call: Call[SmtpCredentials]) -> str:
    """Connects and logs in; sends nothing."""
    async with dialogue(call) as smtp:
        with at(Stage.CONNECT):
            await smtp.noop()
    return call.credentials.from_email


provider = Provider(
    name="email_smtp",
    label="E-mail (SMTP)",
    auth=Form(SmtpCredentials),
    docs_url="https://www.rfc-editor.org/rfc/rfc5321",
    origin=_origin,
    settings=SmtpSettings,
    test=_test,
)
