"""Reading token answers, and revoking a token at the emulator."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine

from plugfn.definition import Call
from plugfn.errors import NeedsReconnect, Unexpected
from plugfn.net.guard import Guard
from plugfn.net.pool import Pool
from plugfn.net.vendor import VendorHttp
from plugfn.providers.slack import provider
from plugfn.providers.slack.oauth import OAUTH, read_tokens

TOKENS = json.loads((Path(__file__).parent / "fixtures" / "tokens.json").read_text())


def test_the_workspace_is_the_account_and_scopes_are_split_at_commas():
    tokens = read_tokens(TOKENS["plain"])
    assert (tokens.account, tokens.label) == ("T0SANDBOX1", "Padaria Sol")
    assert (tokens.scopes, tokens.expires_at, tokens.refresh_token) == (("chat:write", "users:read"), None, None)


def test_a_rotating_token_expires_after_twelve_hours():
    with time_machine.travel(datetime(2026, 1, 5, 12, tzinfo=UTC), tick=False):
        tokens = read_tokens(TOKENS["rotating"])
    assert tokens.expires_at == datetime(2026, 1, 6, 0, tzinfo=UTC)
    assert tokens.refresh_token.get_secret_value() == "xoxe-1-fixture"


def test_an_organization_that_installs_the_app_is_the_account():
    tokens = read_tokens(TOKENS["organization"])
    assert (tokens.account, tokens.label) == ("E0SANDBOX1", "Padarias Unidas")


@pytest.mark.parametrize("answer", [TOKENS["user_only"], {"ok": True}, {"ok": True, "access_token": ""}])
def test_an_answer_without_a_bots_token_is_unexpected(answer):
    with pytest.raises(Unexpected) as caught:
        read_tokens(answer)
    assert "xoxp" not in str(caught.value)


def test_a_refused_refresh_needs_the_user():
    assert {"invalid_refresh_token", "token_revoked"} <= OAUTH.reauth_errors


async def test_a_revoked_token_no_longer_works(emulator):
    slack = emulator("slack")
    tokens = provider.credentials(access_token=slack.control("POST", "/tokens", {})["access_token"])
    pool = Pool(Guard(("127.0.0.0/8",)))
    origin = f"{slack.url}/api"
    http = VendorHttp(pool, origin, trusted=True, headers=provider.headers(tokens), errors=provider.errors)
    call = Call(provider, None, tokens, None, http, Guard(), "attempt")
    try:
        assert await provider.test(call) == "Padaria Sol"
        await OAUTH.revoke(call)
        with pytest.raises(NeedsReconnect) as caught:
            await provider.test(call)
    finally:
        await pool.close()
    assert caught.value.code == "token_revoked"
