"""Tests of what a provider's definition refuses."""

from dataclasses import replace

import pytest

from plugfn.definition import Call, Form, Model, OAuthTokens, Origin, Provider, RateLimit, Result, Trigger
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


def test_a_rate_limit_by_an_unknown_parameter_is_refused():
    provider().action("a.send", summary="Sends.", limits=(RateLimit(1, 1, by="channel"),))(send)
    with pytest.raises(ConfigurationError, match=r"acme\.a\.send has no parameter 'chanel'"):
        provider().action("a.send", summary="Sends.", limits=(RateLimit(1, 1, by="chanel"),))(send)


def test_two_actions_with_the_same_name_are_refused():
    acme = provider()
    acme.action("a.send", summary="Sends.")(send)
    with pytest.raises(ConfigurationError, match="two actions called"):
        acme.action("a.send", summary="Sends.")(send)


@pytest.mark.parametrize(
    "name", ["", "A.b", "a.b c", "a..b", ".a", "a.", "a.class", "_a", "1a", "é", "a-b", "a.__init__"]
)
def test_a_name_that_cannot_be_an_attribute_is_refused(name):
    with pytest.raises(ConfigurationError, match="attribute"):
        provider().action(name, summary="Sends.")(send)


@pytest.mark.parametrize(("one", "other"), [("a.send", "a"), ("a", "a.send"), ("a.b", "a.b.c.d")])
def test_an_action_that_hides_another_is_refused(one, other):
    acme = provider()
    acme.action(one, summary="Sends.")(send)
    with pytest.raises(ConfigurationError, match="hide"):
        acme.action(other, summary="Sends.")(send)
    acme.action("ab.send", summary="Sends.")(send)
    assert list(acme.actions) == [one, "ab.send"]


@pytest.mark.parametrize(
    "wrong", [{"retry": "sometimes"}, {"timeout": 0.0}, {"timeout": -1.0}, {"timeout": float("nan")}]
)
def test_an_invalid_retry_policy_or_timeout_is_refused(wrong):
    with pytest.raises(ConfigurationError):
        provider().action("a.send", summary="Sends.", **wrong)(send)


@pytest.mark.parametrize("wrong", [(0, 1), (1, 0), (-1, 60), (1, 1, "user")])
def test_a_rate_limit_of_no_calls_is_refused(wrong):
    with pytest.raises(ConfigurationError):
        RateLimit(*wrong)


@pytest.mark.parametrize("names", [["a", "a"], [""], ["*"], ["a b"]])
def test_triggers_with_equal_or_invalid_names_are_refused(names):
    with pytest.raises(ConfigurationError, match="trigger"):
        replace(provider(), triggers=tuple(Trigger(name, Sent, "It was sent.") for name in names))


def test_a_provider_limit_by_a_parameter_is_refused():
    with pytest.raises(ConfigurationError, match="parameters"):
        replace(provider(), limits=(RateLimit(1, 1, by="channel"),))
