"""A connect token is made only when it is asked for, names its member, and is neither stored nor logged."""

import base64
import json
import logging
import uuid

import pytest
from prometheus_client import REGISTRY

from apps.banking.aggregators.contract import Gone, UnknownApplication
from apps.banking.connect import turns
from apps.banking.connect.disconnect import disconnect
from apps.banking.connect.errors import Disconnecting, NotYours
from apps.banking.connect.finish import finish
from apps.banking.connect.token import make_connect_token, webhook_url
from apps.banking.models import Connection
from apps.clients.factories import MembershipFactory
from lib.errors import Temporary, Throttled

pytestmark = pytest.mark.django_db


def claims(token):
    """The content of the emulator's token."""
    return json.loads(base64.urlsafe_b64decode(token.value.split(".")[1] + "=="))


def test_a_token_names_its_member_and_refuses_duplicates(bank, member, settings):
    settings.PUBLIC_URL = ""
    token = make_connect_token(member)
    assert claims(token)["options"] == {"clientUserId": str(member.pk), "avoidDuplicates": True}
    assert (token.item_id, token.application) == ("", "")


@pytest.mark.django_db(transaction=True)
def test_a_token_has_the_address_of_the_members_webhooks_and_of_our_page(bank, member, settings, client):
    settings.PUBLIC_URL = "https://ponte.example.com"
    options = claims(make_connect_token(member))["options"]
    assert options["oauthRedirectUri"] == "https://ponte.example.com/connections/connect/return/"
    assert options["webhookUrl"].startswith("https://ponte.example.com/api/banking/webhooks/pluggy/")
    path = options["webhookUrl"].removeprefix(settings.PUBLIC_URL)
    body = {"event": "item/updated", "eventId": str(uuid.uuid4()), "itemId": str(uuid.uuid4())}
    assert client.post(path, body, content_type="application/json", secure=True).status_code == 200


def test_at_an_address_of_this_machine_no_page_leads_back(bank, member, settings):
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    options = claims(make_connect_token(member))["options"]
    assert "oauthRedirectUri" not in options
    # The sandbox can send webhooks there, and Pluggy cannot.
    assert options["webhookUrl"].startswith("http://127.0.0.1:8000/")


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000", "http://ponte.example.com", "https://localhost"])
def test_pluggy_itself_gets_no_address_that_it_refuses(member, settings, address):
    from apps.banking.aggregators.registry import aggregator

    settings.PUBLIC_URL, settings.PLUGGY_API_URL = address, "https://api.pluggy.ai"
    application = aggregator("pluggy").application()
    assert not application._takes(webhook_url("pluggy", application.path_token(member.pk)))


def test_a_repairing_token_is_for_that_item_and_its_own_member(bank, member):
    item = bank.connect(member)
    connection = finish(member, item)
    fellow = MembershipFactory(client=member.client)
    token = make_connect_token(fellow, connection=connection)
    assert claims(token)["itemId"] == token.item_id == item
    assert claims(token)["options"]["clientUserId"] == str(member.pk)


def test_no_stranger_gets_a_token_for_a_connection(bank, member, stranger):
    connection = finish(member, bank.connect(member))
    calls = bank.calls().get("POST /connect_token", 0)
    with pytest.raises(NotYours):
        make_connect_token(stranger, connection=connection)
    with pytest.raises(UnknownApplication):
        make_connect_token(stranger, application="own-1")
    disconnect(connection)
    with pytest.raises(Disconnecting):
        make_connect_token(member, connection=connection)
    assert bank.calls().get("POST /connect_token", 0) == calls


def test_one_member_cannot_ask_for_tokens_without_end(bank, member, stranger, monkeypatch):
    monkeypatch.setattr(turns, "CALLS_A_MINUTE", 2)
    for _ in range(2):
        make_connect_token(member)
    with pytest.raises(Throttled):
        make_connect_token(member)
    assert bank.calls()["POST /connect_token"] == 2
    assert make_connect_token(stranger)


def test_an_item_that_is_gone_has_no_token(bank, member):
    item = bank.connect(member)
    connection = finish(member, item)
    bank.delete(item)
    with pytest.raises(Gone):
        make_connect_token(member, connection=connection)


def test_no_log_repr_or_row_has_the_token(bank, member, caplog):
    caplog.set_level(logging.DEBUG)
    token = make_connect_token(member, connection=finish(member, bank.connect(member)))
    assert token.value not in caplog.text
    assert token.value not in repr(token)
    assert token.value not in str(token)
    assert token.value not in str(Connection.objects.values_list().get())


def observed(outcome):
    return REGISTRY.get_sample_value("ponte_connect_token_seconds_count", {"outcome": outcome}) or 0


def test_answers_and_outages_are_counted(bank, member):
    made, broken = observed("made"), observed("internal_error")
    make_connect_token(member)
    bank.fault("500", "POST /connect_token")
    with pytest.raises(Temporary):
        make_connect_token(member)
    bank.mend()
    assert (observed("made"), observed("internal_error")) == (made + 1, broken + 1)
