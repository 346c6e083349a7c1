"""The contract reports problems: a valid provider, and the same provider with one thing broken."""

import json
from dataclasses import replace
from importlib import import_module, invalidate_caches

import pytest
from pydantic import BaseModel, Field, SecretStr, field_validator

from plugfn.definition import Form, Model, OAuth2, Result, Settings, Trigger
from plugfn.errors import GiveUp, WebhookRejected
from plugfn.generate.provider import make_provider
from plugfn.inbound import Event, Parsed
from plugfn.net.answer import ErrorTable, Means
from plugfn.testing.contract_models import CANARY, filled
from plugfn.testing.provider_contract import problems


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A provider from the template, and its folder."""
    name = f"acme_{tmp_path.name[-8:].replace('-', '_').lower()}x"
    make_provider(name, tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    invalidate_caches()
    return import_module(name).provider, tmp_path / name


def test_a_provider_from_the_template_meets_the_contract(made):
    assert problems(*made) == []


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        ("README.md", None, "README.md is missing"),
        (
            "README.md",
            "# Acme\n`things.get` `thing.created` `name_taken`",
            "README.md does not mention `things.create`",
        ),
        ("icon.svg", '<svg viewBox="0 0 24 24"><script>1</script></svg>', "icon.svg must not run or load anything"),
        ("icon.svg", '<svg viewBox="0 0 24 24" onload="x"></svg>', "icon.svg must not run or load anything"),
        ("icon.svg", '<svg viewBox="0 0 24 24">' + " " * 5000 + "</svg>", "icon.svg is larger than 4 KB"),
        ("icon.svg", "<html></html>", "icon.svg is not an <svg> of 24 by 24"),
        ("fixtures/errors.json", "not JSON", "fixtures/errors.json cannot be read"),
        ("fixtures/errors.json", "[]", "fixtures/errors.json has no answer with the code name_taken"),
        ("fixtures/events/thing.created.json", None, "fixtures/events has no example of thing.created"),
        ("fixtures/events/thing.created.json", "{}", 'fixtures/events/thing.created.json has no "delivery"'),
        (
            "fixtures/events/thing.created.json",
            '{"delivery": {"id": "1", "event": "thing.gone", "data": {}}}',
            "fixtures/events/thing.created.json is read as thing.gone",
        ),
        (
            "fixtures/events/thing.created.json",
            '{"delivery": {"id": "1", "event": "thing.created", "data": {}}}',
            "fixtures/events/thing.created.json lacks fields that thing.created declares",
        ),
        (
            "fixtures/events/thing.created.other.json",
            '{"delivery": []}',
            "fixtures/events/thing.created.other.json cannot be read: TypeError",
        ),
    ],
)
def test_a_missing_or_wrong_file_is_reported(made, file, text, problem):
    provider, folder = made
    if text is None:
        (folder / file).unlink()
    else:
        (folder / file).write_text(text)
    assert problem in problems(provider, folder)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (
            {"error": "GiveUp"},
            "name_taken raises InvalidCall (name_taken), not GiveUp (name_taken)",
        ),
        ({"code": "other"}, "other raises InvalidCall (name_taken), not InvalidCall (other)"),
        (
            {"status": 200, "body": {}},
            "name_taken raises no error (), not InvalidCall (name_taken)",
        ),
    ],
)
def test_an_error_example_with_another_meaning_is_reported(made, row, problem):
    provider, folder = made
    path = folder / "fixtures/errors.json"
    rows = json.loads(path.read_text())
    path.write_text(json.dumps([one | row if one["code"] == "name_taken" else one for one in rows]))
    assert f"fixtures/errors.json: {problem}" in problems(provider, folder)


def test_a_provider_that_does_not_speak_http_has_its_codes_looked_up(made):
    provider, folder = made
    provider = replace(provider, errors=ErrorTable(codes={"name_taken": Means(GiveUp, "It is taken.")}))
    (folder / "fixtures/errors.json").write_text('[{"code": "name_taken", "error": "GiveUp"}]')
    assert problems(provider, folder) == []


class Open(BaseModel):
    """Accepts unknown fields, and has no bounds."""

    text: str
    many: list[int] = []


class Nested(Model):
    """Refuses unknown fields, around a model that accepts them."""

    open: Open = Field(description="…")


class Loud(Model):
    """Its error repeats the value."""

    number: str = Field(max_length=5)

    @field_validator("number", mode="before")
    @classmethod
    def _check(cls, value):
        raise ValueError(f"{value} is no number")


class Strict(Result, extra="forbid"):
    """A result that breaks when a vendor adds a field."""

    id: str


class Plain(Model):
    """A secret that is not a SecretStr."""

    api_key: str


class Shown(Model):
    """A secret that is shown."""

    api_key: SecretStr

    def __repr__(self):
        return f"Shown({self.api_key.get_secret_value() if self.api_key else None})"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"params": Nested}, "things.get: unknown parameters in Open must be refused"),
        ({"params": Open}, "things.get: text needs a maximum size"),
        ({"params": Open}, "things.get: many needs a maximum size"),
        ({"params": Loud}, "things.get: an error repeats the value"),
        ({"result": Strict}, "things.get: Strict does not ignore what a vendor adds"),
        ({"retry": "never heard of"}, "things.get: no retry policy is called 'never heard of'"),
        ({"timeout": 301.0}, "things.get: the timeout must be at most 300 seconds"),
        ({"summary": "Reads"}, "things.get: the summary must be a sentence"),
    ],
)
def test_an_action_with_loose_parameters_or_strict_results_is_reported(made, change, problem):
    provider, folder = made
    changed = replace(provider.actions["things.get"], **change)
    assert problem in problems(replace(provider, actions=provider.actions | {"things.get": changed}), folder)


class NoSecret(Model):
    """Credentials without a secret."""

    name: str


NO_ACCOUNT = "`read_tokens` or `identify` must return the account of a connection"


class PlainSettings(Settings):
    """A setting that is a secret and not a SecretStr."""

    client_secret: str = ""


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"auth": Form(Plain)}, "Plain.api_key is not a SecretStr"),
        ({"auth": Form(NoSecret)}, "the credentials have no secret"),
        ({"auth": Form(Shown)}, "Shown shows its secrets"),
        ({"settings": PlainSettings}, "PlainSettings.client_secret is not a SecretStr"),
        ({"auth": OAuth2("http://x/authorize", "https://x/token")}, "the OAuth URLs must be https"),
        ({"auth": OAuth2("https://x/authorize", "https://x/token")}, NO_ACCOUNT),
        ({"test": None}, "the provider has no `test` function"),
        ({"actions": {}}, "the provider has no actions"),
        ({"triggers": ()}, "a provider needs both triggers and webhooks, or neither"),
        ({"webhooks": None}, "a provider needs both triggers and webhooks, or neither"),
        ({"triggers": (Trigger("thing.gone", Result, "It went."),)}, "fixtures/events has no example of thing.gone"),
    ],
)
def test_a_provider_that_shows_secrets_or_lacks_a_part_is_reported(made, change, problem):
    provider, folder = made
    assert problem in problems(replace(provider, **change), folder)


def passes(inbound, keys):
    """Accepts everything."""


def passes_without_secrets(inbound, keys):
    """Checks nothing when there are no secrets."""
    if keys.secrets:
        raise WebhookRejected("no")


def passes_what_is_empty(inbound, keys):
    """Accepts an empty signature with an empty secret."""
    if inbound.body or inbound.headers.get("x-signature"):
        raise WebhookRejected("no")


def overflows(inbound, keys):
    """Computes with a time from the headers, without checking it."""
    10.0 ** int(inbound.headers.get("x-timestamp") or 0)
    raise WebhookRejected("no")


@pytest.mark.parametrize(
    ("verify", "problem"),
    [
        (passes, "a forged delivery is accepted"),
        (passes_without_secrets, "a forged delivery is accepted"),
        (passes_what_is_empty, "a forged delivery is accepted"),
        (overflows, "a forged delivery must be rejected, but raises OverflowError"),
    ],
)
def test_a_verify_that_accepts_or_breaks_on_forgeries_is_reported(made, verify, problem):
    provider, folder = made
    assert problem in problems(replace(provider, webhooks=replace(provider.webhooks, verify=verify)), folder)


def test_an_event_of_another_provider_is_reported(made):
    provider, folder = made
    other = replace(
        provider.webhooks, parse=lambda inbound, keys: Parsed((Event("other", "thing.created", {"id": ""}),))
    )
    assert "fixtures/events/thing.created.json: the event has the provider other" in problems(
        replace(provider, webhooks=other), folder
    )


class Several(Model):
    """Secrets of every shape."""

    one: SecretStr
    maybe: SecretStr | None = None
    some: tuple[SecretStr, ...] = ()
    named: dict[str, SecretStr] = {}


def test_every_secret_gets_the_canary():
    made = filled(Several)
    secrets = [made.one, made.maybe, *made.some, *made.named.values()]
    assert [secret.get_secret_value() for secret in secrets] == [CANARY] * 4
    assert CANARY not in repr(made)
