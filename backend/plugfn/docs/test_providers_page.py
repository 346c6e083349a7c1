"""The page of providers matches the registry."""

import re

import pytest

from plugfn.definition import OAuth2, Provider, Settings
from plugfn.docs.pages import Page, page
from plugfn.providers import BUILT_IN, load

PAGE = page("docs/providers.md")


def section(provider: Provider) -> str:
    (found,) = re.findall(rf"^## {re.escape(provider.label)}$(.*?)(?=^## |\Z)", PAGE.text, re.MULTILINE | re.DOTALL)
    return found


def named(row: str, text: str) -> set[str]:
    (found,) = re.findall(rf"^\| {row} \| (.*) \|$", text, re.MULTILINE)
    assert found == "none" or "`" in found
    return set(re.findall(r"`([^`]+)`", found))


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_page_has_every_action_event_and_setting(name):
    provider = load(name)
    text = section(provider)
    assert f"`{name}`:" in text
    assert f"../providers/{name}/README.md" in text
    assert named("Actions", text) == provider.actions.keys()
    assert named("Events", text) == {trigger.name for trigger in provider.triggers}
    unused = set(Settings.model_fields) if provider.webhooks is None or name == "whatsapp_uazapi" else set()
    assert named("Settings", text) == provider.settings.model_fields.keys() - unused


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_page_says_how_to_connect(name):
    provider = load(name)
    listed = named("Connect", section(provider))
    if isinstance(provider.auth, OAuth2):
        assert listed == {f"<base_url>/oauth/{name}/callback"}
        assert ("PKCE" in section(provider)) == provider.auth.pkce
    else:
        assert listed == provider.credentials.model_fields.keys()


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_page_says_where_deliveries_go(name):
    text, webhooks = section(load(name)), load(name).webhooks
    (cell,) = re.findall(r"^\| Webhooks \| (.*) \|$", text, re.MULTILINE)
    if webhooks is None:
        assert cell == "none"
    elif webhooks.per_connection:
        assert cell == "an address for each connection"
    else:
        assert f"`<base_url>/webhooks/{name}`" in cell


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_page_says_which_extra_is_needed(name):
    needs = re.findall(r"^\| Needs \| the extra `(\w+)` \|$", section(load(name)), re.MULTILINE)
    assert needs == ([BUILT_IN[name]] if BUILT_IN[name] else [])


def test_the_page_has_no_other_provider():
    labels = [load(name).label for name in BUILT_IN]
    assert sorted(re.findall(r"^## (.+)$", PAGE.text, re.MULTILINE)) == sorted(labels)


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_providers_own_page_names_its_actions_and_events(name):
    provider, own = load(name), page(f"providers/{name}/README.md")
    for what in [*provider.actions, *(trigger.name for trigger in provider.triggers)]:
        assert f"`{what}`" in own.text, what
    assert isinstance(own, Page)
