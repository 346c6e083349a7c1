"""Reading token answers, and revoking a token at the emulator."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine

from plugfn.definition import Call
from plugfn.errors import PlugFnError, Unexpected
from plugfn.net.guard import Guard
from plugfn.net.pool import Pool
from plugfn.net.vendor import VendorHttp
from plugfn.providers.github import provider
from plugfn.providers.github.oauth import OAUTH, read_tokens

TOKENS = json.loads((Path(__file__).parent / "fixtures" / "tokens.json").read_text())
SETTINGS = {"client_id": "Iv1.sandbox0000000001", "client_secret": "github_sandbox_only"}


def test_an_oauth_apps_token_does_not_expire_and_has_comma_separated_scopes():
    tokens = read_tokens(TOKENS["oauth_app"])
    assert tokens.access_token.get_secret_value() == "gho_fixture"
    assert (tokens.scopes, tokens.expires_at, tokens.refresh_token) == (("repo", "gist"), None, None)


def test_a_github_apps_token_expires_and_can_be_refreshed():
    with time_machine.travel(datetime(2026, 1, 5, 12, tzinfo=UTC), tick=False):
        tokens = read_tokens(TOKENS["github_app"])
    assert tokens.expires_at == datetime(2026, 1, 5, 20, tzinfo=UTC)
    assert tokens.refresh_token.get_secret_value() == "ghr_fixture"
    assert tokens.scopes == ()


@pytest.mark.parametrize("answer", [TOKENS["error"], {}, {"access_token": ""}, {"access_token": 7}])
def test_an_answer_without_a_token_is_unexpected(answer):
    with pytest.raises(Unexpected):
        read_tokens(answer)


def test_a_token_is_not_shown():
    assert "gho_fixture" not in repr(read_tokens(TOKENS["oauth_app"]))


def test_pkce_is_asked_for():
    assert OAUTH.pkce is True


async def test_a_token_is_revoked_with_the_apps_own_credentials(emulator):
    github = emulator("github")
    token = github.control("POST", "/tokens", {"login": "ana"})["access_token"]
    pool = Pool(Guard(("127.0.0.0/8",)))
    try:
        await OAUTH.revoke(call_with(pool, token, github.url))
        with pytest.raises(PlugFnError) as caught:
            await provider.test(call_with(pool, token, github.url))
    finally:
        await pool.close()
    assert caught.value.code == "bad_credentials"
    request = github.requests("/applications/Iv1.sandbox0000000001/token")[0]
    assert request["headers"]["authorization"].startswith("Basic ")
    assert token not in request["path"]


def call_with(pool, token, url):
    settings = provider.settings.model_validate(SETTINGS | {"api_url": url})
    tokens = provider.credentials(access_token=token)
    http = VendorHttp(pool, url, trusted=True, headers=provider.headers(tokens), errors=provider.errors)
    return Call(provider, None, tokens, settings, http, Guard(), "attempt")
