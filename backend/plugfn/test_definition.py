"""Tests of what a provider's definition refuses."""

import pytest

from plugfn.definition import Call, Form, Model, OAuthTokens, Origin, Provider, RateLimit, Result
from plugfn.errors import ConfigurationError


class Send(Model):
    channel: str


class Sent(Result):
    id: str = ""


def provider() -> Provider:
    return Provider(
        name="acme",
        label="Acme",
        auth=Form(Send),
        docs_url="https://acme.example",
        origin=lambda settings, credentials: Origin("https://acme.example", trusted=True),
    )


async def send(call: Call[OAuthTokens], params: Send) -> Sent:
    return Sent()


def test_calls_are_limited_by_a_parameter_that_exists():
    provider().action("a.send", summary="Sends.", limits=(RateLimit(1, 1, by="channel"),))(send)
    with pytest.raises(ConfigurationError, match=r"acme\.a\.send has no parameter 'chanel'"):
        provider().action("a.send", summary="Sends.", limits=(RateLimit(1, 1, by="chanel"),))(send)


def test_a_name_belongs_to_one_action():
    acme = provider()
    acme.action("a.send", summary="Sends.")(send)
    with pytest.raises(ConfigurationError, match="two actions called"):
        acme.action("a.send", summary="Sends.")(send)
