"""Tests of the registry."""

import pytest
from pydantic import SecretStr

from plugfn.crypto import new_key
from plugfn.definition import Form, Model, OAuthSettings, Origin, Provider
from plugfn.errors import ConfigurationError, UnknownName
from plugfn.plug import PlugFn
from plugfn.registry import RESERVED, ProviderRegistry


def provider(name: str = "acme") -> Provider:
    return Provider(
        name=name,
        label="Acme",
        auth=Form(Model),
        docs_url="https://acme.example",
        origin=lambda settings, credentials: Origin("https://acme.example", trusted=True),
        settings=OAuthSettings,
    )


SETTINGS = {"acme": {"client_id": "id", "client_secret": "a-secret"}}


def test_a_provider_is_registered_with_its_settings():
    registry = ProviderRegistry(SETTINGS)
    registry.register(provider())
    assert registry.settings("acme").client_secret == SecretStr("a-secret")
    assert "a-secret" not in repr(registry.settings("acme"))
    assert "acme" in registry
    registry.check()


def test_settings_that_are_missing_or_unknown_are_named_without_their_values():
    registry = ProviderRegistry({"acme": {"client_secert": "a-secret"}})
    with pytest.raises(ConfigurationError) as caught:
        registry.register(provider())
    assert "client_id" in str(caught.value)
    assert "client_secert" in str(caught.value)
    assert "a-secret" not in str(caught.value)
    assert "acme" not in registry


def test_settings_for_an_unregistered_provider_are_refused():
    registry = ProviderRegistry({**SETTINGS, "acmee": {}})
    registry.register(provider())
    with pytest.raises(ConfigurationError, match="did you mean 'acme'"):
        registry.check()


def test_only_another_provider_of_the_same_name_is_refused():
    registry, one = ProviderRegistry(SETTINGS), provider()
    registry.register(one, one)
    with pytest.raises(ConfigurationError):
        registry.register(provider())


@pytest.mark.parametrize("name", ["connections", "Acme", "", "a-b", "__class__", "x" * 51])
def test_a_name_that_could_not_be_an_attribute_is_refused(name):
    with pytest.raises(ConfigurationError):
        ProviderRegistry().register(provider(name))


def test_every_attribute_of_plugfn_is_reserved():
    plug = PlugFn(encryption_key=new_key())
    public = {name for name in [*vars(plug), *vars(PlugFn)] if not name.startswith("_")}
    assert public <= RESERVED


def test_actions_and_events_are_found_by_name_or_refused():
    registry = ProviderRegistry(SETTINGS)
    registry.register(provider())
    for ask in (lambda: registry.get("x"), lambda: registry.action("acme.x"), lambda: registry.trigger("acme", "x")):
        with pytest.raises(UnknownName):
            ask()


def test_a_misspelt_setting_gets_a_suggestion():
    registry = ProviderRegistry({"acme": {**SETTINGS["acme"], "client_secert": "x"}})
    with pytest.raises(ConfigurationError, match=r"client_secert: .*: did you mean 'client_secret'"):
        registry.register(provider())


def test_text_instead_of_a_list_is_refused():
    registry = ProviderRegistry({"acme": {**SETTINGS["acme"], "scopes": "repo"}})
    with pytest.raises(ConfigurationError, match="scopes: Input should be a valid list"):
        registry.register(provider())


@pytest.mark.parametrize("thing", ["github", pytest])
def test_only_providers_can_be_registered(thing):
    with pytest.raises(ConfigurationError, match="register takes providers"):
        ProviderRegistry().register(thing)


def test_an_invalid_url_setting_is_refused():
    registry = ProviderRegistry({"acme": {**SETTINGS["acme"], "api_url": "github.example.com"}})
    with pytest.raises(ConfigurationError, match="api_url: must be a URL"):
        registry.register(provider())
