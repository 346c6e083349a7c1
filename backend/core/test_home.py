"""The page at /."""

import pytest
from django.conf import settings
from django.shortcuts import resolve_url

from apps.clients.factories import MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_a_stranger_is_sent_to_sign_in(client):
    answer = client.get("/")
    assert answer.status_code == 302
    assert answer["Location"].startswith(resolve_url(settings.LOGIN_URL))


def test_a_person_sees_the_overview(client):
    client.force_login(MembershipFactory().user)
    assert client.get("/").templates[0].name == "banking/overview.html"


def test_the_menu_leads_staff_alone_to_the_admin(client, settings):
    member = MembershipFactory()
    client.force_login(member.user)
    assert "/admin/" not in client.get("/").text
    member.user.is_staff = True
    member.user.save()
    assert 'href="/admin/"' in client.get("/").text
    settings.ADMIN_PATH = ""
    assert "/admin/" not in client.get("/").text


def test_staff_without_a_client_go_to_the_admin(client):
    client.force_login(UserFactory(is_staff=True))
    assert client.get("/")["Location"] == "/admin/"
