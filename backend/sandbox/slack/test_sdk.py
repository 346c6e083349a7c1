"""Slack's own Python SDK works against the emulator."""

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from .test_oauth import ASKED, granted
from .world import CLIENT_ID, CLIENT_SECRET


@pytest.fixture
def client(slack):
    return WebClient(slack.as_bot(), base_url=f"{slack.url}/api/")


def test_its_calls_are_understood(client):
    assert client.auth_test()["team"] == "Padaria Sol"
    channel = client.conversations_create(name="vendas")["channel"]["id"]
    assert client.chat_postMessage(channel=channel, text="oi")["message"]["text"] == "oi"
    assert client.users_info(user="UANA")["user"]["name"] == "ana"
    assert client.auth_revoke()["revoked"]


def test_it_reads_errors_and_limits(client, slack):
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="nada", text="oi")
    assert caught.value.response["error"] == "channel_not_found"
    slack.control("switches", {"channel_seconds": 30})
    client.chat_postMessage(channel="geral", text="um")
    with pytest.raises(SlackApiError) as limited:
        client.chat_postMessage(channel="geral", text="dois")
    assert (limited.value.response.status_code, limited.value.response.headers["Retry-After"]) == (429, "30")


def test_it_installs_and_rotates_tokens(slack):
    slack.control("switches", {"rotation": True})
    client = WebClient(base_url=f"{slack.url}/api/")
    app = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    first = client.oauth_v2_access(**app, code=granted(slack), redirect_uri=ASKED["redirect_uri"])
    second = client.oauth_v2_access(**app, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert WebClient(second["access_token"], base_url=f"{slack.url}/api/").auth_test()["ok"]
