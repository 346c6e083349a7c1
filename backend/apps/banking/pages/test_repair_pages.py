"""Disconnecting, taking over, and credentials of one's own."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.audit.models import Entry
from apps.banking.conftest import CLIENT_ID, CLIENT_SECRET
from apps.banking.connect.finish import finish
from apps.banking.models import ClientApplication, Connection, Transaction
from apps.clients.factories import MembershipFactory

pytestmark = pytest.mark.django_db


def signed_in(member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


@pytest.fixture
def member():
    return MembershipFactory(role="owner")


@pytest.fixture
def visitor(member):
    return signed_in(member)


# --- disconnecting ---


def test_disconnecting_asks_first_and_keeps_the_data_unless_told_otherwise(bank, visitor, member, work):
    item = bank.connect(member)
    connection = finish(member, item)
    work()
    address = reverse("banking:disconnect", args=[connection.pk])
    page = visitor.get(address).content.decode()
    assert "<form" in page
    connection.refresh_from_db()
    assert connection.disconnect_asked_at is None
    visitor.post(address, {"data": "keep"})
    work()
    connection.refresh_from_db()
    assert connection.state == Connection.State.DELETED
    assert Transaction.objects.exists()


def test_what_was_kept_of_a_disconnected_bank_can_be_erased_later(bank, visitor, member, work):
    connection = finish(member, bank.connect(member))
    work()
    address = reverse("banking:disconnect", args=[connection.pk])
    assert address not in visitor.get("/connections/").content.decode()
    visitor.post(address, {"data": "keep"})
    work()
    for page in ("/connections/", f"/connections/{connection.pk}/"):
        assert address in visitor.get(page).content.decode()
    assert 'name="data" value="erase"' in visitor.get(address).content.decode()
    visitor.post(address, {"data": "keep"})
    work()
    assert Connection.objects.exists()
    assert visitor.post(address, {"data": "erase"})["Location"] == "/connections/"
    work()
    assert not Connection.objects.exists()
    assert address not in visitor.get("/connections/").content.decode()


def test_erasing_deletes_everything_and_is_noted(bank, visitor, member, work):
    connection = finish(member, bank.connect(member))
    work()
    visitor.post(reverse("banking:disconnect", args=[connection.pk]), {"data": "erase"})
    work()
    assert not Connection.objects.exists()
    assert not Transaction.objects.exists()
    entry = Entry.objects.get(action="connection.disconnect")
    assert (entry.details, entry.actor) == ({"erase": True}, member.user_id)


def test_a_disconnecting_without_a_choice_changes_nothing(bank, visitor, member, work):
    connection = finish(member, bank.connect(member))
    assert visitor.post(reverse("banking:disconnect", args=[connection.pk]), {"data": "maybe"}).status_code == 422
    connection.refresh_from_db()
    assert connection.disconnect_asked_at is None


# --- taking over ---


def test_an_item_of_nobody_is_taken_over_by_staff_and_refused_to_others(bank, visitor, member):
    item = bank.connect()
    address = reverse("banking:take-over")
    assert visitor.post(address, {"item": item}).status_code == 422
    member.user.is_staff = True
    member.user.save()
    assert visitor.post(address, {"item": item}).headers["Location"] == reverse("banking:connect-progress", args=[item])
    assert Entry.objects.get(action="connection.take_over").client == member.client_id


@pytest.mark.parametrize("item", ["", "an-id", "11111111-1111-4111-8111-111111111111"])
def test_what_cannot_be_taken_over_is_an_error_of_the_form(bank, visitor, item):
    page = visitor.post(reverse("banking:take-over"), {"item": item})
    assert page.status_code == 422
    assert "item" in page.context["form"].errors


def test_another_members_item_is_not_taken_over(bank, visitor):
    item = bank.connect(MembershipFactory())
    assert visitor.post(reverse("banking:take-over"), {"item": item}).status_code == 422
    assert not Connection.objects.exists()


# --- credentials ---


GOOD = {"label": "Meu Pluggy", "key": CLIENT_ID, "secret": CLIENT_SECRET}


def test_credentials_are_tested_before_they_are_saved(bank, visitor, member):
    address = reverse("banking:credentials")
    assert visitor.post(address, {**GOOD, "secret": "pluggy_sk_wrong"}).status_code == 422
    assert not ClientApplication.objects.exists()
    assert visitor.post(address, GOOD).status_code == 302
    row = ClientApplication.objects.get()
    assert (row.client_id, row.secret) == (member.client_id, CLIENT_SECRET)
    assert Entry.objects.get(action="credentials.save").details == {}


def test_no_secret_is_shown_again(bank, visitor):
    address = reverse("banking:credentials")
    wrong = visitor.post(address, {**GOOD, "secret": "pluggy_sk_wrong"}).content.decode()
    assert "pluggy_sk_wrong" not in wrong
    visitor.post(address, GOOD)
    assert CLIENT_SECRET not in visitor.get(address).content.decode()


def test_a_new_secret_replaces_the_old_one_once_pluggy_accepts_it(bank, visitor, member):
    visitor.post(reverse("banking:credentials"), GOOD)
    row = ClientApplication.objects.get()
    address = reverse("banking:credentials-secret", args=[row.pk])
    assert address in visitor.get(reverse("banking:credentials")).content.decode()
    for secret in ("", "pluggy_sk_wrong", "x" * 300):
        answer = visitor.post(address, {"secret": secret}, follow=True, headers={"accept-language": "en"})
        assert "does not accept" in " ".join(map(str, answer.context["messages"]))
    assert not Entry.objects.filter(action="credentials.replace").exists()
    ClientApplication.objects.update(error_code="CLIENT_KEYS_UNAUTHORIZED")
    visitor.post(address, {"secret": f" {CLIENT_SECRET} "})
    row.refresh_from_db()
    assert (row.secret, row.error_code) == (CLIENT_SECRET, "")
    assert Entry.objects.get(action="credentials.replace").actor == member.user_id
    colleague = signed_in(MembershipFactory(client=member.client, role="member"))
    assert colleague.post(address, {"secret": CLIENT_SECRET}).status_code == 403


def test_only_an_owner_changes_the_credentials(bank, member):
    colleague = signed_in(MembershipFactory(client=member.client, role="member"))
    assert colleague.post(reverse("banking:credentials"), GOOD).status_code == 403
    assert b'<form class="form' not in colleague.get(reverse("banking:credentials")).content


def test_credentials_that_a_connection_needs_are_not_erased(bank, visitor, member):
    visitor.post(reverse("banking:credentials"), GOOD)
    row = ClientApplication.objects.get()
    connection = finish(member, bank.connect(member), row.name)
    address = reverse("banking:credentials-remove", args=[row.pk])
    visitor.post(address)
    assert ClientApplication.objects.exists()
    Connection.objects.filter(pk=connection.pk).delete()
    visitor.post(address)
    assert not ClientApplication.objects.exists()


def test_another_clients_credentials_are_not_there(bank, visitor, member):
    visitor.post(reverse("banking:credentials"), GOOD)
    row = ClientApplication.objects.get()
    stranger = signed_in(MembershipFactory(role="owner"))
    for name in ("credentials-remove", "credentials-secret", "credentials-test"):
        assert stranger.post(reverse(f"banking:{name}", args=[row.pk])).status_code == 404
    assert "Meu Pluggy" not in stranger.get(reverse("banking:credentials")).content.decode()


def test_new_connections_use_the_clients_own_credentials(bank, visitor):
    visitor.post(reverse("banking:credentials"), GOOD)
    row = ClientApplication.objects.get()
    assert visitor.post(reverse("banking:connect")).json()["application"] == row.name
    assert visitor.post(reverse("banking:credentials-test", args=[row.pk])).status_code == 302
