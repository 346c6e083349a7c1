"""The login limits guesses at passwords, the operator decides where the admin is, and staff need a second factor."""

import logging
import time
from urllib.parse import quote_plus

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.exceptions import ImproperlyConfigured
from django.urls import include, path
from redis import Redis

from apps.clients.factories import UserFactory
from core import login, urls
from lib import login_limit
from lib.client_address import trusted_proxies

pytestmark = pytest.mark.django_db

others = (path("account/", include("allauth.account.urls")),)
PASSWORD = "a-password-for-tests-alone"
hashed = []


class Counting(PBKDF2PasswordHasher):
    """Notes each hash."""

    def encode(self, password, salt, iterations=None):
        hashed.append(password)
        return super().encode(password, salt, iterations)


@pytest.fixture(autouse=True)
def one_proxy(settings):
    settings.TRUSTED_PROXIES = trusted_proxies(["127.0.0.1"])
    settings.PASSWORD_HASHERS = ["core.test_login.Counting"]
    get_user_model().objects.create_superuser("ana", password=PASSWORD)
    hashed.clear()


@pytest.fixture
def guess(client):
    def send(name="ana", password="wrong", address="203.0.113.9"):
        """What the page says: in, wrong or limited."""
        form = {"login": name, "password": password}
        answer = client.post("/account/login/?next=/admin/", form, headers={"x-forwarded-for": address})
        if answer.status_code == 302:
            assert answer["Location"] == "/admin/"
            client.logout()
            return "in"
        assert answer.status_code == 200
        return "limited" if "Muitas tentativas" in answer.text or "Too many" in answer.text else "wrong"

    return send


def test_the_right_password_opens_the_admin(guess):
    assert guess(password=PASSWORD) == "in"


def test_an_account_is_guessed_only_so_often_from_anywhere(guess):
    allowed = login_limit.BY_ACCOUNT[0]
    for number in range(allowed):
        assert guess(name=("ana", " ANA ")[number % 2], address=f"203.0.113.{number}") == "wrong"
    assert guess(password=PASSWORD, address="198.51.100.1") == "limited"
    assert len(hashed) == allowed  # a refused guess costs no hash


def test_an_address_guesses_only_so_often_at_any_accounts(guess):
    allowed = login_limit.BY_ADDRESS[0]
    for number in range(allowed):
        assert guess(name=f"user-{number}") == "wrong"
    assert guess(name="ana", password=PASSWORD) == "limited"
    assert guess(name="ana", password=PASSWORD, address="198.51.100.1") == "in"


def test_addresses_of_one_ipv6_network_count_as_one(guess):
    for number in range(login_limit.BY_ADDRESS[0]):
        guess(name=f"user-{number}", address=f"2001:db8:1:2::{number + 1}")
    assert guess(password=PASSWORD, address="2001:db8:1:2:ffff::1") == "limited"
    assert guess(password=PASSWORD, address="2001:db8:1:3::1") == "in"


def test_while_addresses_are_unknown_all_of_them_share_a_larger_limit(guess, settings, monkeypatch):
    settings.TRUSTED_PROXIES = trusted_proxies([], in_front=True)
    monkeypatch.setattr(login_limit, "BY_ADDRESS", (3, 600))
    monkeypatch.setattr(login_limit, "WITHOUT_ADDRESS", (6, 600))
    assert [guess(name=f"user-{number}", address=f"203.0.113.{number}") for number in range(6)] == ["wrong"] * 6
    assert guess(password=PASSWORD) == "limited"
    assert login_limit.WITHOUT_ADDRESS[0] > login_limit.BY_ADDRESS[0]


def test_the_limit_ends_by_itself(guess, monkeypatch, wait_until):
    monkeypatch.setattr(login_limit, "BY_ACCOUNT", (2, 1))
    assert [guess(), guess()] == ["wrong", "wrong"]
    wait_until(lambda: guess(password=PASSWORD) == "in", 10)


def test_without_valkey_the_admin_stays_open_and_the_log_says_so(guess, settings, caplog):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    with caplog.at_level(logging.WARNING):
        assert guess() == "wrong"
        assert guess(password=PASSWORD) == "in"
    assert "logins are not limited" in caplog.text


def test_valkey_and_the_log_hold_no_account(guess, settings, caplog, monkeypatch):
    monkeypatch.setattr(login_limit, "BY_ACCOUNT", (1, 600))
    with caplog.at_level(logging.WARNING):
        assert [guess(), guess()] == ["wrong", "limited"]
    assert "A login was refused" in caplog.text
    assert "ana" not in caplog.text
    keys = [key.decode() for key in Redis.from_url(settings.REDIS_URL).keys("*login*")]
    assert len(keys) == 2
    assert not [key for key in keys if "ana" in key]


def test_names_without_end_and_empty_forms_are_ordinary_errors(guess):
    assert guess(name="x" * 100_000) == "wrong"
    assert guess(name="\x00") == "wrong"
    assert guess(name="") == "wrong"


@pytest.mark.parametrize(("place", "served"), [("admin", "/admin/"), ("staff/desk-7", "/staff/desk-7/")])
def test_the_admin_is_served_where_the_setting_says(client, settings, place, served):
    settings.ROOT_URLCONF = (*login.admin_at(place), *others)
    assert client.get(f"{served}login/")["Location"] == f"/account/login/?next={quote_plus(served)}"
    if served != "/admin/":
        assert client.get("/admin/login/").status_code == 404


def test_an_empty_setting_serves_no_admin(client, settings):
    settings.ROOT_URLCONF = (*login.admin_at(""), *others)
    assert client.get("/admin/login/").status_code == 404


@pytest.mark.parametrize(
    "place",
    ["account", "settings/x", "api", "api/desk", "health", "healthy", "metrics", "static/x", "<int:x>", "a b", "a//b"],
)
def test_a_path_that_would_hide_another_page_or_is_no_path_is_an_error_at_the_start(place):
    with pytest.raises(ImproperlyConfigured, match="ADMIN_PATH"):
        login.admin_at(place)


@pytest.mark.parametrize("place", ["transactions", "connections/7", "staff/doctor", "i18n/setlang"])
def test_the_address_of_a_page_is_an_error_too(place):
    with pytest.raises(ImproperlyConfigured, match="ADMIN_PATH"):
        login.admin_at(place, urls.pages)
    assert login.admin_at("staff", urls.pages)


@pytest.fixture
def staff(client, settings):
    settings.STAFF_MFA_REQUIRED = True
    user = get_user_model().objects.get()
    client.force_login(user)
    return user


def code_of(secret):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def test_staff_without_a_second_factor_are_led_to_set_one_up(client, staff):
    assert client.get("/admin/").status_code == 302
    assert client.get("/admin/login/?next=/admin/")["Location"] == "/account/two-steps/totp/activate/"
    assert client.get("/admin/clients/client/").status_code == 302


def test_staff_with_a_second_factor_enter(client, staff):
    TOTP.activate(staff, generate_totp_secret())
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/login/?next=/admin/clients/")["Location"] == "/admin/clients/"


def test_recovery_codes_alone_are_no_second_factor(client, staff):
    RecoveryCodes.activate(staff)
    assert client.get("/admin/").status_code == 302


def test_staff_enter_without_one_where_the_setting_says_so(client, staff, settings):
    settings.STAFF_MFA_REQUIRED = False
    assert client.get("/admin/").status_code == 200


def test_people_who_are_no_staff_are_refused_and_strangers_sign_in_first(client):
    assert client.get("/admin/")["Location"] == "/admin/login/?next=/admin/"
    client.force_login(UserFactory())
    assert client.get("/admin/login/").status_code == 403


def test_the_login_leads_to_no_other_server(client, staff, settings):
    settings.STAFF_MFA_REQUIRED = False
    assert client.get("/admin/login/?next=https://evil.example/")["Location"] == "/admin/"


def test_a_password_alone_signs_nobody_in_who_has_a_second_factor(client, guess, staff):
    client.logout()
    secret = generate_totp_secret()
    TOTP.activate(staff, secret)
    form = {"login": "ana", "password": PASSWORD}
    answer = client.post("/account/login/?next=/admin/", form)
    assert answer["Location"].startswith("/account/two-steps/authenticate/")
    assert client.get("/admin/").status_code == 302
    assert (
        "/account/"
        in client.post("/account/two-steps/authenticate/", {"code": "000000"}, follow=True).request["PATH_INFO"]
    )
    assert client.post("/account/two-steps/authenticate/", {"code": code_of(secret)})["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_codes_of_the_second_factor_are_guessed_only_so_often(client, staff):
    client.logout()
    secret = generate_totp_secret()
    TOTP.activate(staff, secret)
    client.post("/account/login/", {"login": "ana", "password": PASSWORD})
    for _ in range(10):
        assert client.post("/account/two-steps/authenticate/", {"code": "000000"}).status_code == 200
    assert client.post("/account/two-steps/authenticate/", {"code": code_of(secret)}).status_code == 200
    assert client.get("/admin/").status_code == 302
