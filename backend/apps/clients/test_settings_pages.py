"""People choose how pages look, take their data along and erase it."""

import json

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.utils import timezone

from apps.audit.models import Entry
from apps.clients.conftest import PASSWORD
from apps.clients.factories import MembershipFactory
from apps.clients.models import Client, Erasure, Profile

pytestmark = pytest.mark.django_db

FORM = {"first_name": "Ana", "language": "en", "time_zone": "America/Manaus", "theme": "dark"}


def test_a_person_chooses_language_time_zone_and_look(owner, settings):
    settings.SESSION_COOKIE_SECURE = True
    assert owner.post("/settings/", FORM)["Location"] == "/settings/"
    profile = Profile.objects.get(user=owner.membership.user)
    assert (profile.language, profile.time_zone, profile.theme) == ("en", "America/Manaus", "dark")
    page = owner.get("/settings/")
    assert page["Content-Language"] == "en"
    assert 'data-theme="dark"' in page.text
    assert "no-store" in page["Cache-Control"]
    assert all(owner.cookies[name]["secure"] for name in ("theme", settings.LANGUAGE_COOKIE_NAME))
    owner.post("/account/logout/")
    assert 'data-theme="dark"' in owner.get("/account/login/").text


@pytest.mark.parametrize(
    "wrong", [{"language": "tlh"}, {"time_zone": "Mars/Olympus"}, {"theme": "neon"}, {"first_name": "x" * 151}]
)
def test_what_does_not_exist_cannot_be_chosen(owner, wrong):
    assert owner.post("/settings/", {**FORM, **wrong}).status_code == 422
    assert not Profile.objects.exists()


def test_strangers_are_sent_to_the_login():
    for place in ("", "security/", "members/", "data/", "data/erase/", "data/erase-account/"):
        answer = Browser().get(f"/settings/{place}")
        assert answer.status_code == 302
        assert "/account/login/" in answer["Location"]


def test_after_the_login_people_come_back_to_a_page_and_never_to_an_address_of_forms():
    assert Browser().get("/settings/data/")["Location"] == "/account/login/?next=/settings/data/"
    for place in ("/settings/data/export/", "/settings/tokens/1/revoke/", "/clients/switch/"):
        assert Browser().post(place)["Location"] == "/account/login/"


def test_a_part_of_a_page_loads_the_page_again_once_the_session_has_ended(owner):
    part = {"HX-Request": "true"}
    assert "HX-Refresh" not in owner.get("/settings/data/", headers=part).headers
    owner.post("/account/logout/")
    assert owner.get("/settings/data/", headers=part)["HX-Refresh"] == "true"


def test_the_export_is_a_file_and_is_audited(owner, member_of):
    answer = owner.post("/settings/data/export/")
    assert answer["Content-Disposition"].startswith('attachment; filename="ponte-casa-da-ana-')
    assert json.loads(b"".join(answer.streaming_content))["client"]["name"] == "Casa da Ana"
    entry = Entry.objects.get(action="client.export")
    assert (entry.actor, entry.client) == (owner.membership.user_id, owner.membership.client_id)
    assert owner.get("/settings/data/export/").status_code == 405
    assert member_of(owner, "viewer").post("/settings/data/export/").status_code == 200


def test_the_person_part_of_an_export_is_of_the_one_who_asks(owner, member_of):
    other = member_of(owner)
    text = b"".join(owner.post("/settings/data/export/").streaming_content).decode()
    person = json.loads(text)["person"]
    assert [row["email"] for row in person["account.emailaddress"]] == [owner.membership.user.email]
    assert other.membership.user.email not in text
    assert PASSWORD not in text
    assert "password" not in person["auth.user"][0]
    assert owner.session.session_key not in text


def test_erasing_asks_for_the_password_and_the_name(owner):
    place = "/settings/data/erase/"
    assert "/account/reauthenticate/" in owner.get(place)["Location"]
    owner.post(f"/account/reauthenticate/?next={place}", {"password": PASSWORD})
    assert "Casa da Ana" in owner.get(place).text
    assert owner.post(place, {"name": "outra"}).status_code == 422
    assert not Erasure.objects.exists()
    assert owner.post(place, {"name": "Casa da Ana"})["Location"] == "/settings/data/"
    assert Client.objects.get().erasing_at
    page = owner.get("/settings/data/")
    assert page.status_code == 200
    assert "Casa da Ana" not in page.text
    assert 'hx-trigger="every 5s"' in page.text
    Erasure.objects.update(finished_at=timezone.now())
    assert "hx-trigger" not in owner.get("/settings/data/").text
    assert owner.get("/settings/members/").status_code == 404
    assert Entry.objects.filter(action="client.erase").count() == 1


@pytest.mark.parametrize("role", ["member", "viewer"])
def test_only_an_owner_erases_a_client(owner, member_of, role):
    browser = member_of(owner, role)
    browser.post("/account/reauthenticate/", {"password": PASSWORD})
    assert browser.get("/settings/data/erase/").status_code == 403
    assert browser.post("/settings/data/erase/", {"name": "Casa da Ana"}).status_code == 403
    assert "/settings/data/erase/" not in browser.get("/settings/data/").text
    assert not Erasure.objects.exists()


def test_a_member_erases_the_own_account(owner, member_of):
    browser = member_of(owner)
    place = "/settings/data/erase-account/"
    assert "/account/reauthenticate/" in browser.get(place)["Location"]
    browser.post("/account/reauthenticate/", {"password": PASSWORD})
    assert browser.get(place).status_code == 200
    assert browser.post(place).status_code == 200
    assert list(User.objects.all()) == [owner.membership.user]
    assert browser.get("/settings/").status_code == 302
    assert Client.objects.count() == 1


def test_the_only_owner_is_told_what_to_do_first(owner):
    owner.post("/account/reauthenticate/", {"password": PASSWORD})
    assert "Casa da Ana" in owner.get("/settings/data/erase-account/").text
    owner.post("/settings/data/erase-account/")
    assert User.objects.exists()


def test_the_pages_cost_the_same_with_many_clients(owner, django_assert_num_queries):
    for _ in range(2):
        with django_assert_num_queries(3):
            assert owner.get("/settings/").status_code == 200
        with django_assert_num_queries(4):
            assert owner.get("/settings/data/").status_code == 200
        MembershipFactory.create_batch(4, user=owner.membership.user)
