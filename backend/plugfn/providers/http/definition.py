"""The HTTP provider: a URL that the user enters, and what its answers mean."""

from collections.abc import Mapping

from pydantic import SecretStr, field_validator

from plugfn.definition import Form, Origin, Provider, Settings
from plugfn.errors import GiveUp, NeedsReconnect, TryLater
from plugfn.net.answer import ErrorTable, Means
from plugfn.net.url import check_url
from plugfn.providers.http.access import HttpAccess
from plugfn.providers.http.delivery import probe
from plugfn.providers.http.webhooks import TRIGGERS, WEBHOOKS
from plugfn.webhooks.standard import read_secret

REDIRECTED = Means(GiveUp, "The URL redirects elsewhere: connect with the new URL, or allow redirects.")

STATUSES = {
    301: REDIRECTED,
    302: REDIRECTED,
    303: REDIRECTED,
    307: REDIRECTED,
    308: REDIRECTED,
    401: Means(NeedsReconnect, "The receiver does not accept the signature or the headers."),
    410: Means(NeedsReconnect, "The receiver no longer accepts deliveries at this URL."),
    425: Means(TryLater, "The receiver refuses a request that could be a replay: try again."),
}
"""Statuses that mean more than usual. Source: https://www.standardwebhooks.com, "Delivery success and failure"."""


class HttpSettings(Settings):
    """The operator's settings."""

    allow_http: bool = False
    """Whether a URL may begin with http://, for a private network. Others on that network can read what is sent."""

    @field_validator("webhook_secrets")
    @classmethod
    def _can_sign(cls, secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for secret in secrets:
            read_secret(secret.get_secret_value())
        return secrets


def _origin(settings: HttpSettings, credentials: HttpAccess) -> Origin:
    return Origin(check_url(credentials.url, https_only=not settings.allow_http).origin, trusted=False)


def _headers(credentials: HttpAccess) -> Mapping[str, str]:
    return {name: value.get_secret_value() for name, value in credentials.headers.items()}


provider = Provider(
    name="http",
    label="HTTP",
    auth=Form(HttpAccess),
    several=True,
    docs_url="https://www.standardwebhooks.com",
    origin=_origin,
    settings=HttpSettings,
    headers=_headers,
    errors=ErrorTable(statuses=STATUSES),
    triggers=TRIGGERS,
    webhooks=WEBHOOKS,
    test=probe,
)
