"""The SendGrid provider: where its calls go, how they are authenticated, its events."""

from collections.abc import Mapping

from plugfn.definition import Call, Form, Origin, Provider, Result
from plugfn.errors import MissingScope
from plugfn.mail.events import TRIGGERS
from plugfn.providers.email_sendgrid.credentials import SendGridCredentials, SendGridSettings
from plugfn.providers.email_sendgrid.errors import TABLE
from plugfn.providers.email_sendgrid.webhooks import WEBHOOKS

APIS = {"us": "https://api.sendgrid.com", "eu": "https://api.eu.sendgrid.com"}
SEND = "mail.send"


class Scopes(Result):
    """What an API key may do."""

    scopes: list[str]


def _origin(settings: SendGridSettings, credentials: SendGridCredentials) -> Origin:
    return Origin(settings.api_url or APIS[credentials.region], trusted=True)


def _headers(credentials: SendGridCredentials) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {credentials.api_key.get_secret_value()}"}


async def _test(call: Call[SendGridCredentials]) -> str:
    """Asks what the key may do; sends nothing."""
    granted = (await call.http.get("/v3/scopes")).read(Scopes)
    if SEND not in granted.scopes:
        raise MissingScope(f"The API key may not send: give it the permission {SEND} at SendGrid.")
    return call.credentials.from_email


provider = Provider(
    name="email_sendgrid",
    label="E-mail (SendGrid)",
    auth=Form(SendGridCredentials),
    docs_url="https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send",
    origin=_origin,
    settings=SendGridSettings,
    headers=_headers,
    errors=TABLE,
    triggers=TRIGGERS,
    webhooks=WEBHOOKS,
    test=_test,
)
