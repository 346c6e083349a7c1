"""The uazapi provider, without its actions."""

from typing import Any

from plugfn.definition import Call, Form, Origin, Provider, RateLimit, Settings
from plugfn.errors import MissingScope
from plugfn.inbound import Webhooks
from plugfn.providers.whatsapp_uazapi.credentials import UazapiInstance
from plugfn.providers.whatsapp_uazapi.errors import CODES, ERRORS
from plugfn.providers.whatsapp_uazapi.reading import line_status
from plugfn.providers.whatsapp_uazapi.vocabulary import TRIGGERS
from plugfn.providers.whatsapp_uazapi.webhooks import parse, verify

LARGEST_DELIVERY = 1_048_576


def origin(_settings: Settings, credentials: UazapiInstance) -> Origin:
    """The user chooses the gateway, so it is not trusted: private addresses are refused."""
    return Origin(credentials.base_url, trusted=False)


def headers(credentials: UazapiInstance) -> dict[str, str]:
    """The header with the instance's token."""
    return {"token": credentials.token.get_secret_value()}


async def test(call: Call[Any]) -> str:
    """The account's name, if messages can be sent now. Raises MissingScope while no phone is linked."""
    status = await line_status(call)
    if not status.ready:
        raise MissingScope(CODES["not_linked"].meaning, code="not_linked")
    return status.name


provider = Provider(
    name="whatsapp_uazapi",
    label="WhatsApp (uazapi)",
    auth=Form(UazapiInstance),
    docs_url="https://docs.uazapi.com",
    origin=origin,
    headers=headers,
    # uazapi documents no limit. This one is ours, because WhatsApp blocks accounts that write faster than people do.
    limits=(RateLimit(calls=120, per_seconds=60),),
    errors=ERRORS,
    triggers=TRIGGERS,
    webhooks=Webhooks(verify, parse, per_connection=True, max_bytes=LARGEST_DELIVERY),
    test=test,
)
