"""Logging in by name and password: what a pair opens, for how long, and how it ends."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.conf import settings
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import AccessToken

from apps.api import jwt
from apps.audit.models import Entry
from apps.clients import personal_data
from apps.clients.factories import ClientFactory, MembershipFactory
from lib import login_limit

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-password"


@pytest.fixture
def member():
    member = MembershipFactory()
    member.user.set_password(PASSWORD)
    member.user.save()
    return member


@pytest.fixture
def login(stranger, member, settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "none"

    def post(**changes):
        sent = {"username": member.user.get_username(), "password": PASSWORD, **changes}
        return stranger.post("/api/auth/token/", sent)

    return post


def test_a_pair_opens_the_api_for_the_first_client(login, stranger, member):
    MembershipFactory(user=member.user)
    status, answer = login()
    assert status == 200
    assert answer["tokens"]["expires_in"] == 1800
    stranger.token = answer["tokens"]["access"]
    me = stranger.get("/api/me/")[1]["me"]
    assert me["client"]["id"] == str(member.client_id)
    assert me["via"] == "jwt"
    assert AccessToken(stranger.token)["client_id"] == str(member.client_id)


def test_a_client_can_be_chosen_and_one_of_others_is_refused(login, member):
    second = MembershipFactory(user=member.user)
    status, answer = login(client=str(second.client_id))
    assert status == 200
    assert AccessToken(answer["tokens"]["access"])["client_id"] == str(second.client_id)
    status, answer = login(client=str(ClientFactory().pk))
    assert (status, answer["error_code"]) == (403, "NO_CLIENT")


@pytest.mark.parametrize("wrong", [{"password": "no"}, {"username": "nobody"}, {"username": "é" * 200}])
def test_a_wrong_login_is_one_error_whatever_is_wrong(login, stranger, wrong):
    status, answer = login(**wrong)
    assert (status, answer["error_code"]) == (401, "INVALID_CREDENTIALS")
    assert stranger.answer["WWW-Authenticate"] == 'Bearer realm="api"'


def test_a_person_who_is_switched_off_cannot_log_in(login, member):
    member.user.is_active = False
    member.user.save()
    assert login()[0] == 401


def test_guesses_are_limited_together_with_those_at_the_admin(login, member, monkeypatch):
    monkeypatch.setattr(login_limit, "BY_ACCOUNT", (3, 600))
    login_limit.count_guess(member.user.get_username(), {})
    assert [login(password="no")[0] for _ in range(3)] == [401, 401, 429]
    status, answer = login()
    assert (status, answer["error_code"]) == (429, "RATE_LIMIT_EXCEEDED")
    assert "budget" not in answer["error"]


def test_an_access_token_ends_after_thirty_minutes(login, stranger):
    stranger.token = login()[1]["tokens"]["access"]
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=29), tick=False):
        assert stranger.get("/api/me/")[0] == 200
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=31), tick=False):
        assert stranger.get("/api/me/")[0] == 401


def test_a_refresh_token_is_exchanged_once(login, stranger):
    first = login()[1]["tokens"]["refresh"]
    status, answer = stranger.post("/api/auth/refresh/", {"refresh": first})
    assert status == 200
    second = answer["tokens"]["refresh"]
    assert second != first
    assert stranger.post("/api/auth/refresh/", {"refresh": first})[1]["error_code"] == "INVALID_TOKEN"
    assert stranger.post("/api/auth/refresh/", {"refresh": second})[0] == 200


def test_an_exchange_keeps_the_client(login, stranger, member):
    second = MembershipFactory(user=member.user)
    refresh = login(client=str(second.client_id))[1]["tokens"]["refresh"]
    access = stranger.post("/api/auth/refresh/", {"refresh": refresh})[1]["tokens"]["access"]
    assert AccessToken(access)["client_id"] == str(second.client_id)


def test_a_revoked_refresh_token_is_void(login, stranger):
    refresh = login()[1]["tokens"]["refresh"]
    assert stranger.post("/api/auth/revoke/", {"refresh": refresh})[0] == 200
    assert stranger.post("/api/auth/revoke/", {"refresh": refresh})[0] == 401
    assert stranger.post("/api/auth/refresh/", {"refresh": refresh})[0] == 401


def test_a_new_password_ends_all_pairs(login, stranger, member):
    tokens = login()[1]["tokens"]
    member.user.set_password("another-long-password")
    member.user.save()
    stranger.token = tokens["access"]
    assert stranger.get("/api/me/")[0] == 401
    assert stranger.post("/api/auth/refresh/", {"refresh": tokens["refresh"]})[0] == 401


def test_a_pair_of_somebody_who_left_the_client_opens_nothing(login, stranger, member):
    MembershipFactory(user=member.user)
    tokens = login(client=str(member.client_id))[1]["tokens"]
    member.delete()
    stranger.token = tokens["access"]
    assert stranger.get("/api/me/")[0] == 401
    status, answer = stranger.post("/api/auth/refresh/", {"refresh": tokens["refresh"]})
    assert (status, answer["error_code"]) == (403, "NO_CLIENT")


def test_a_refresh_token_is_no_access_token_and_the_reverse(login, stranger):
    tokens = login()[1]["tokens"]
    stranger.token = tokens["refresh"]
    assert stranger.get("/api/me/")[0] == 401
    assert stranger.post("/api/auth/refresh/", {"refresh": tokens["access"]})[0] == 401


def test_no_token_is_stored(login):
    tokens = login()[1]["tokens"]
    stored = json.dumps(list(OutstandingToken.objects.values()), default=str)
    assert tokens["refresh"] not in stored
    assert OutstandingToken.objects.get().token == ""


def test_the_ids_of_expired_logins_are_purged_however_many_there_are(login, stranger, monkeypatch):
    monkeypatch.setattr(personal_data, "BATCH", 2)
    for _ in range(2):
        stranger.post("/api/auth/refresh/", {"refresh": login()[1]["tokens"]["refresh"]})
    assert (OutstandingToken.objects.count(), BlacklistedToken.objects.count()) == (4, 2)
    personal_data.purge()
    assert OutstandingToken.objects.count() == 4
    login()
    OutstandingToken.objects.exclude(pk=OutstandingToken.objects.latest("id").pk).update(expires_at=timezone.now())
    personal_data.purge()
    assert (OutstandingToken.objects.count(), BlacklistedToken.objects.count()) == (1, 0)


def test_the_signing_key_is_not_the_secret_key():
    assert settings.SIMPLE_JWT["SIGNING_KEY"] != settings.SECRET_KEY
    assert settings.SECRET_KEY not in settings.SIMPLE_JWT["SIGNING_KEY"]


def test_a_call_by_jwt_reads_person_and_client_in_one_query(login, django_assert_num_queries):
    access = login()[1]["tokens"]["access"]
    with django_assert_num_queries(1):
        user, member = jwt.person_of(access)
        assert user.is_active
        assert member.client.name


def totp_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def test_a_second_factor_is_asked_for_and_its_code_opens_once(login, member):
    secret = generate_totp_secret()
    TOTP.activate(member.user, secret)
    assert login()[1]["error_code"] == "SECOND_FACTOR_NEEDED"
    assert login(code="000000")[1]["error_code"] == "INVALID_CREDENTIALS"
    code = totp_of(secret)
    assert login(code=code)[0] == 200
    assert login(code=code)[1]["error_code"] == "INVALID_CREDENTIALS"


def test_a_recovery_code_opens_once(login, member):
    TOTP.activate(member.user, generate_totp_secret())
    code = RecoveryCodes.activate(member.user).get_unused_codes()[0]
    assert login(code=code)[0] == 200
    assert login(code=code)[1]["error_code"] == "INVALID_CREDENTIALS"


def test_only_who_has_the_password_learns_that_there_is_a_second_factor(login, member):
    TOTP.activate(member.user, generate_totp_secret())
    assert login(password="no")[1]["error_code"] == "INVALID_CREDENTIALS"


def test_an_address_that_is_not_proved_gets_no_pair_where_proof_is_asked_for(login, member, settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    assert login()[1]["error_code"] == "EMAIL_NOT_PROVED"
    EmailAddress.objects.create(user=member.user, email="ana@example.com", verified=True, primary=True)
    assert login()[0] == 200
    assert login(username="ana@example.com")[0] == 200


def test_a_login_is_audited_without_a_name(login, member):
    login()
    entry = Entry.objects.get(action="login.jwt")
    assert (entry.actor, entry.via) == (member.user_id, "jwt")
