"""A client's own credentials are tested before they are saved, sealed, and of use to that client alone."""

import json
import logging

import pytest
from django.db import connection as database
from django.test import Client as Browser

from apps.banking.aggregators.contract import APPLICATION_REMOVED, CredentialsRefused, UnknownApplication
from apps.banking.aggregators.registry import aggregator
from apps.banking.aggregators.verdict import Action
from apps.banking.connect import credentials, turns
from apps.banking.connect.advice import ADVICE
from apps.banking.connect.applications import preferred, usable
from apps.banking.connect.conftest import CLIENT_ID, CLIENT_SECRET
from apps.banking.connect.credentials import remove, replace_secret, save
from apps.banking.connect.errors import InUse
from apps.banking.connect.finish import finish
from apps.banking.connect.progress import progress_of
from apps.banking.connect.refresh import Outcome, refresh
from apps.banking.connect.token import make_connect_token
from apps.banking.models import ClientApplication, Connection, Connector
from apps.banking.sync import directory, discover, poll, reconcile
from apps.events.models import Event
from lib import rotation
from lib.errors import PonteError, Temporary, Throttled

pytestmark = pytest.mark.django_db


def test_accepted_credentials_are_stored_sealed(bank, member):
    row = save(member.client, " Meu Pluggy ", f" {CLIENT_ID} ", CLIENT_SECRET, user=member.user)
    row = ClientApplication.objects.get(pk=row.pk)
    assert (row.key, row.secret, row.label) == (CLIENT_ID, CLIENT_SECRET, "Meu Pluggy")
    assert (row.client, row.created_by, row.error_code) == (member.client, member.user, "")
    assert row.tested_at
    with database.cursor() as cursor:
        cursor.execute("SELECT t::text FROM banking_clientapplication t")
        text = cursor.fetchone()[0]
    for value in (CLIENT_ID, CLIENT_SECRET):
        assert value not in text
        assert value.encode().hex() not in text
        assert value not in f"{row} {row!r} {row.credentials!r}"
    assert ClientApplication in rotation.sealed_models()
    assert rotation.check(ClientApplication).unreadable == []


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        (CLIENT_ID, "pluggy_sk_wrong"),
        ("00000000-0000-4000-8000-00000000abcd", CLIENT_SECRET),
        ("", CLIENT_SECRET),
        (CLIENT_ID, "  "),
        ("a\nb", CLIENT_SECRET),
        (CLIENT_ID, "x" * 201),
        (CLIENT_ID, "é"),
    ],
)
def test_wrong_credentials_are_refused_and_nothing_is_saved(bank, member, key, secret, caplog):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(CredentialsRefused) as refusal:
        save(member.client, "own", key, secret)
    assert not ClientApplication.objects.exists()
    assert secret.strip() == "" or secret not in f"{refusal.value} {caplog.text}"


def test_credentials_are_not_saved_while_the_aggregator_is_down(bank, member):
    bank.fault("500", "POST /auth")
    with pytest.raises(Temporary):
        save(member.client, "own", CLIENT_ID, CLIENT_SECRET)
    bank.mend()
    assert not ClientApplication.objects.exists()


def test_secrets_cannot_be_guessed_without_end(bank, member, monkeypatch):
    monkeypatch.setattr(turns, "CALLS_A_MINUTE", 1)
    with pytest.raises(CredentialsRefused):
        save(member.client, "own", CLIENT_ID, "pluggy_sk_wrong")
    with pytest.raises(Throttled):
        save(member.client, "own", CLIENT_ID, CLIENT_SECRET)


def test_only_the_installations_client_id_gives_access_to_nothing_and_disturbs_no_other(bank, member):
    """A client id is public: every connect token has it."""
    item = bank.connect(member)
    installation = aggregator("pluggy").application()
    installation.open(item).item()
    with pytest.raises(CredentialsRefused):
        save(member.client, "own", CLIENT_ID, "wrong")
    planted = ClientApplication(client=member.client, label="own", tested_at="2026-01-01T00:00:00Z")
    planted.key, planted.secret = CLIENT_ID, "wrong"
    planted.save()
    with pytest.raises(PonteError):
        aggregator("pluggy").application(planted.name).open(item).item()
    installation.open(item).item()


def test_a_bank_is_connected_with_the_clients_own_credentials(bank, own, member, work):
    assert preferred(member.client) == own.name
    token = make_connect_token(member, application=own.name)
    assert token.application == own.name
    connection = finish(member, bank.connect(member), own.name)
    work()
    connection.refresh_from_db()
    assert (connection.state, connection.application) == ("active", own.name)
    assert connection.mailbox.startswith(f"pluggy@{own.name}:item:")
    assert refresh(connection).outcome is Outcome.STARTED


def test_another_client_cannot_use_them(bank, own, member, stranger):
    assert usable(member.client, own.name).name == own.name
    assert preferred(stranger.client) == ""
    with pytest.raises(UnknownApplication) as refusal:
        usable(stranger.client, own.name)
    with pytest.raises(UnknownApplication) as unknown:
        usable(stranger.client, "own-0000000000000000")
    assert type(refusal.value) is type(unknown.value)
    with pytest.raises(UnknownApplication):
        make_connect_token(stranger, application=own.name)


def test_the_webhooks_of_an_item_reach_its_own_application(bank, own, member, work, settings, transactional_db):
    settings.PUBLIC_URL = "http://testserver"
    connection = finish(member, bank.connect(member), own.name)
    work()
    token = usable(member.client, own.name).path_token(member.pk)
    body = {"event": "item/updated", "eventId": "00000000-0000-4000-8000-00000000abcd", "itemId": connection.vendor_id}

    def post(path_token):
        path = f"/api/banking/webhooks/pluggy/{path_token}/"
        return Browser().post(path, json.dumps(body), content_type="application/json").status_code

    assert post(token) == 200
    stored = Event.objects.get(event_id=body["eventId"])
    assert (stored.source, stored.mailbox, stored.token_member) == (f"pluggy@{own.name}", connection.mailbox, member.pk)
    work()
    stored.refresh_from_db()
    assert stored.state == "done"
    secret = token.partition(".")[2]
    forged = [secret, f"own-0000000000000000.{secret}", f".{secret}", f"{own.name}.{secret[:-2]}AA", f"{own.name}."]
    assert {post(other) for other in forged} == {401}
    assert Event.objects.filter(event_id=body["eventId"]).count() == 1


def test_items_of_an_own_application_are_discovered_polled_and_compared(bank, own, member, stranger, work, settings):
    settings.PUBLIC_URL = ""
    item, planted = bank.connect(member), bank.connect(stranger, "user-ok-account-warning")
    assert discover.discover() == 1
    work()
    connection = Connection.objects.get()
    assert (connection.vendor_id, connection.application, connection.client) == (item, own.name, member.client)
    assert not Event.objects.filter(mailbox__contains=planted).exists()
    bank.evolve(item, silent=True)
    Connection.objects.update(last_polled_at=None)
    assert poll.poll() == 1
    work()
    Connection.objects.update(last_reconciled_at=None)
    assert reconcile.request_due() == 1
    work()
    assert set(Event.objects.filter(source="ponte").values_list("state", flat=True)) == {"done"}


def test_connectors_are_read_with_own_credentials_if_the_installation_has_none(bank, own):
    Connector.objects.all().delete()
    directory.refresh()
    assert Connector.objects.exists()


def test_connectors_are_read_once_however_many_credentials_there_are(bank, member, stranger):
    for client in (member.client, stranger.client):
        save(client, "own", CLIENT_ID, CLIENT_SECRET)
    directory.refresh()
    assert bank.calls()["GET /connectors"] == 1


def test_own_credentials_that_are_refused_disturb_no_other_client(bank, member, stranger):
    row = save(stranger.client, "own", CLIENT_ID, CLIENT_SECRET)
    row.secret = "rotated-meanwhile"
    row.save()
    item = bank.connect(member)
    assert discover.discover() == 1
    assert Event.objects.get(kind=reconcile.KIND).mailbox == f"pluggy:item:{item}"


def test_a_new_secret_is_tested_before_it_replaces_the_old_one(bank, own):
    with pytest.raises(CredentialsRefused):
        replace_secret(own, "pluggy_sk_wrong")
    own.refresh_from_db()
    assert own.secret == CLIENT_SECRET
    ClientApplication.objects.update(error_code="CLIENT_KEYS_UNAUTHORIZED")
    replace_secret(own, CLIENT_SECRET)
    own.refresh_from_db()
    assert (own.secret, own.error_code) == (CLIENT_SECRET, "")


def test_a_test_notes_what_the_aggregator_says(bank, own, switch):
    switch(client_disabled=True)
    assert not credentials.test(own)
    own.refresh_from_db()
    assert own.error_code == "CLIENT_DISABLED"
    switch(client_disabled=False)
    assert credentials.test(own)
    own.refresh_from_db()
    assert own.error_code == ""


def test_credentials_in_use_are_not_removed(bank, own, member, work):
    connection = finish(member, bank.connect(member), own.name)
    with pytest.raises(InUse) as refusal:
        remove(own)
    assert refusal.value.connections == 1
    Connection.objects.filter(pk=connection.pk).update(state="deleted", deleted_at="2026-01-01T00:00:00Z")
    remove(own)
    assert not ClientApplication.objects.exists()


def test_a_connection_whose_credentials_were_removed_tells_its_people_once(bank, own, member, work, announced_kinds):
    connection = finish(member, bank.connect(member), own.name)
    work()
    own.delete()
    for _ in range(3):
        reconcile.request(connection)
        work()
    connection.refresh_from_db()
    assert (connection.state, connection.action) == ("needs_user", "add_credentials")
    assert connection.error_code == APPLICATION_REMOVED
    assert announced_kinds().count("connection.needs_user") == 1
    assert set(Event.objects.values_list("state", flat=True)) == {"done"}
    assert refresh(connection).outcome is Outcome.NEEDS_USER
    work()
    bank.evolve(connection.vendor_id)


def test_credentials_that_the_aggregator_refuses_are_the_clients_matter(bank, own, member, work, announced_kinds):
    connection = finish(member, bank.connect(member), own.name)
    work()
    own.secret = "pluggy_sk_rotated_elsewhere"
    own.save()
    reconcile.request(connection)
    work()
    connection.refresh_from_db()
    own.refresh_from_db()
    assert (connection.state, connection.action) == ("needs_user", "add_credentials")
    assert (connection.error_code, own.error_code) == ("CREDENTIALS_REFUSED", "CLIENT_KEYS_UNAUTHORIZED")
    assert set(Event.objects.values_list("state", flat=True)) == {"done"}
    assert progress_of(connection).advice is ADVICE[Action.ADD_CREDENTIALS]
    replace_secret(own, CLIENT_SECRET)
    work()
    connection.refresh_from_db()
    assert (connection.state, connection.error_code) == ("active", "")
    assert announced_kinds().count("connection.recovered") == 1


def test_refused_credentials_of_the_installation_are_retried(bank, member, work, settings):
    connection = finish(member, bank.connect(member))
    work()
    settings.PLUGGY_CLIENT_SECRET = "pluggy_sk_wrong"
    reconcile.request(connection)
    work()
    connection.refresh_from_db()
    assert connection.state == "active"
    assert Event.objects.get(kind=reconcile.KIND, state="pending").error_code == "CLIENT_KEYS_UNAUTHORIZED"


def test_a_webhook_for_a_removed_application_is_finished(bank, own, member, work):
    connection = finish(member, bank.connect(member), own.name)
    work()
    from apps.events.accept import accept_here
    from apps.events.store import make_row

    own.delete()
    for kind in ("item/updated", "transactions/created"):
        body = json.dumps({"event": kind, "eventId": kind, "itemId": connection.vendor_id}).encode()
        accept_here(make_row(f"pluggy@{own.name}", kind, kind, connection.mailbox, body))
    work()
    assert set(Event.objects.filter(kind__contains="/").values_list("outcome", flat=True)) == {"no application"}


def test_polling_passes_over_connections_without_application(bank, own, member, work, settings):
    settings.PUBLIC_URL = ""
    finish(member, bank.connect(member), own.name)
    work()
    own.delete()
    settings.PLUGGY_CLIENT_ID, settings.PLUGGY_CLIENT_SECRET = CLIENT_ID, CLIENT_SECRET
    assert poll.poll() == 1
    work()
    Connection.objects.update(last_polled_at=None)
    assert poll.poll() == 0
