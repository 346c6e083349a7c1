from datetime import UTC, datetime, timedelta

import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.auth import get_user_model
from django.test import override_settings
from django.urls import clear_url_caches, path

from apps.clients.factories import UserFactory
from core import demo_entry, urls

ENTRIES = [path("enter/<str:token>/", demo_entry.enter, name="enter")]


class Urls:
    """The product's addresses while DEBUG is on."""

    urlpatterns = [*urls.urlpatterns, *ENTRIES]
    handler403 = urls.handler403


def here(user):
    with override_settings(ROOT_URLCONF=Urls):
        clear_url_caches()
        return demo_entry.address_for(user)


def follow(client, address):
    with override_settings(ROOT_URLCONF=Urls):
        clear_url_caches()
        return client.get(address)


def signed_in(client) -> bool:
    return "_auth_user_id" in client.session


def test_the_address_signs_in_once(client, db):
    user = UserFactory()
    address = here(user)
    answer = follow(client, address)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(user.pk)
    other = type(client)()
    again = follow(other, address)
    assert again.status_code == 403
    assert b"uma vez" in again.content
    assert not signed_in(other)


def test_the_sign_in_is_among_those_that_the_person_may_end(client, db):
    user = UserFactory()
    follow(client, here(user))
    assert UserSession.objects.filter(user=user).exists()


def test_a_sign_in_by_another_way_makes_it_void(client, db):
    user = UserFactory()
    address = here(user)
    type(client)().force_login(user)
    assert follow(client, address).status_code == 403


def test_it_is_void_after_an_hour_for_another_secret_and_for_somebody_who_was_barred(client, db, settings):
    user = UserFactory()
    address = here(user)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=demo_entry.SECONDS + 5)):
        assert follow(client, address).status_code == 403
    with override_settings(SECRET_KEY="another-key-for-tests-alone-which-protects-nothing"):
        assert follow(client, address).status_code == 403
    get_user_model().objects.update(is_active=False)
    assert follow(client, address).status_code == 403
    assert not signed_in(client)


def test_without_debug_there_is_no_such_address():
    assert not [pattern for pattern in urls.urlpatterns if getattr(pattern, "name", "") == "enter"]
