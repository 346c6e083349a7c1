"""The page of personal access tokens: made, shown once, listed, revoked."""

import re

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from apps.api.models import AccessToken
from apps.clients.factories import MembershipFactory

pytestmark = pytest.mark.django_db
PATH = "/settings/tokens/"


@pytest.fixture
def member():
    return MembershipFactory()


@pytest.fixture
def browser(member):
    browser = Browser(headers={"Accept-Language": "en"})
    browser.force_login(member.user)
    return browser


def make(browser, **changes):
    return browser.post(PATH, {"name": "Home spreadsheet", "scopes": ["read"], "days": "30", **changes})


def test_a_token_is_shown_once_and_works(browser, stranger):
    answer = make(browser)
    (stranger.token,) = set(re.findall(r"ponte_\w{46}", answer.text))
    assert "no-store" in answer["Cache-Control"]
    assert stranger.get("/api/me/")[0] == 200
    listed = browser.get(PATH).text
    assert stranger.token not in listed
    assert "Home spreadsheet" in listed
    assert stranger.token[:12] in listed


def test_a_token_is_revoked(browser, stranger):
    (stranger.token,) = set(re.findall(r"ponte_\w{46}", make(browser).text))
    answer = browser.post(f"{PATH}{AccessToken.objects.get().pk}/revoke/", follow=True)
    assert answer.redirect_chain[-1][0] == PATH
    assert stranger.get("/api/me/")[0] == 401


def test_the_token_of_another_person_is_neither_shown_nor_revoked(browser, caller):
    caller(MembershipFactory())
    other = AccessToken.objects.get()
    assert other.prefix not in browser.get(PATH).text
    assert browser.post(f"{PATH}{other.pk}/revoke/").status_code == 404
    assert browser.post(f"{PATH}{10**30}/revoke/").status_code == 404
    other.refresh_from_db()
    assert other.state == "valid"


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"scopes": []}, {"scopes": ["staff"]}, {"days": "-1"}, {"days": ""}, {"name": "x" * 81}]
)
def test_a_wrong_form_makes_no_token(browser, wrong):
    assert make(browser, **wrong).status_code == 200
    assert not AccessToken.objects.exists()


def test_a_token_without_an_end_can_be_made(browser):
    make(browser, days="0")
    assert AccessToken.objects.get().expires_at is None


def test_a_viewer_makes_tokens_that_read_and_ends_them(stranger):
    member = MembershipFactory(role="viewer")
    stranger.browser.force_login(member.user)
    assert make(stranger.browser, scopes=["write"]).status_code == 200
    assert not AccessToken.objects.exists()
    make(stranger.browser)
    assert stranger.browser.post(f"{PATH}{AccessToken.objects.get().pk}/revoke/").status_code == 302


def test_a_stranger_is_sent_to_sign_in(stranger):
    assert stranger.browser.get(PATH).status_code == 302
    assert stranger.browser.post(f"{PATH}1/revoke/").status_code == 302


def test_the_page_takes_the_same_queries_for_one_token_and_for_many(browser):
    make(browser)
    browser.get(PATH)
    with CaptureQueriesContext(connection) as few:
        browser.get(PATH)
    for _ in range(8):
        make(browser)
    with CaptureQueriesContext(connection) as many:
        browser.get(PATH)
    assert len(many) == len(few) <= 6


def test_a_cursor_that_is_not_ours_is_404(browser):
    assert browser.get(PATH, {"after": "x"}).status_code == 404
