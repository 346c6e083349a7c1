"""People sign up, prove their address, and change their password and their second factor."""

import base64
import re
import time

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth import get_user_model
from django.core import mail
from redis import Redis

from apps.audit.models import Entry
from apps.clients import factor_secrets
from apps.clients.factories import UserFactory
from apps.clients.models import Membership
from apps.clients.stages import ProveAddress
from lib.client_address import trusted_proxies

pytestmark = pytest.mark.django_db

# What differs between two answers anyway.
SECRETS = r'value="[^"]*"|nonce="[^"]+"|"X-CSRFToken": "[^"]+"'
PASSWORD = "a-long-password-for-tests"
ACTIVATE = "/account/two-steps/totp/activate/"


@pytest.fixture(autouse=True)
def no_proxy(settings):
    settings.TRUSTED_PROXIES = trusted_proxies([])


@pytest.fixture
def person():
    """A person who proved an address."""

    def make(email="ana@example.com"):
        user = UserFactory(email=email)
        user.set_password(PASSWORD)
        user.save()
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
        return user

    return make


def sign_up(client, email="ana@example.com", **fields):
    return client.post("/account/signup/", {"email": email, "password1": PASSWORD, **fields})


def sign_in(client, email="ana@example.com", password=PASSWORD, **headers):
    return client.post("/account/login/", {"login": email, "password": password}, headers=headers)


def link_in(message):
    return re.search(r"https?://[^/]+(/\S+/)", message.body).group(1)


def signed_in(client):
    return "_auth_user_id" in client.session


def test_a_new_person_proves_the_address_and_has_a_personal_client(client):
    assert sign_up(client, first_name="Ana")["Location"] == "/account/confirm-email/"
    assert not signed_in(client)
    user = get_user_model().objects.get()
    membership = Membership.objects.get(user=user)
    assert (membership.role, membership.client.name) == ("owner", "Ana")
    assert "ana" not in user.username
    client.post(link_in(mail.outbox[0]))
    assert EmailAddress.objects.get(user=user).verified
    assert signed_in(client)
    assert Entry.objects.filter(action="client.create", actor=user.pk).exists()


def test_without_a_name_the_client_has_a_name_of_its_own(client):
    sign_up(client)
    assert Membership.objects.get().client.name in {"Pessoal", "Personal"}


def test_an_unproved_address_signs_nobody_in(client):
    sign_up(client)
    client.cookies.clear()
    assert sign_in(client)["Location"] == "/account/confirm-email/"
    assert not signed_in(client)


def test_a_server_without_mail_asks_for_no_proof(client, settings):
    settings.EMAIL_HOST, settings.ACCOUNT_EMAIL_VERIFICATION = "", "none"
    assert sign_up(client)["Location"] == "/"
    assert signed_in(client)


def test_sign_up_is_closed_where_the_setting_says_so(client, settings):
    settings.SIGNUP_ENABLED = False
    assert sign_up(client).status_code == 200
    assert not get_user_model().objects.exists()


def test_a_stranger_does_not_learn_whose_address_has_an_account(client, person):
    person()
    known, unknown = sign_up(client, "ana@example.com"), sign_up(client, "bia@example.com")
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    texts = []
    for email in ("ana@example.com", "nobody@example.com"):
        client = type(client)()
        answer = client.post("/account/password/reset/", {"email": email}, follow=True)
        texts.append(re.sub(SECRETS, "", answer.text))
    assert texts[0] == texts[1]
    wrong = [sign_in(client, email, "wrong").text for email in ("ana@example.com", "nobody@example.com")]
    masked = [re.sub(SECRETS, "", text) for text in wrong]
    assert masked[0] == masked[1]


def test_a_forgotten_password_is_replaced_through_the_mail(client, person):
    user = person()
    client.post("/account/password/reset/", {"email": user.email})
    page = client.get(link_in(mail.outbox[0]), follow=True).request["PATH_INFO"]
    client.post(page, {"password1": "another-password-for-tests", "password2": "another-password-for-tests"})
    assert sign_in(client, password="another-password-for-tests").status_code == 302
    assert signed_in(client)
    assert Entry.objects.filter(action="account.password", actor=user.pk).exists()


def test_changing_the_password_tells_the_person_and_the_audit(client, person):
    user = person()
    sign_in(client)
    new = "another-password-for-tests"
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert client.post("/account/password/change/", form).status_code == 302
    assert mail.outbox[-1].to == [user.email]
    assert Entry.objects.get(action="account.password").actor == user.pk


def test_another_address_counts_when_it_is_proved(client, person):
    user = person()
    sign_in(client)
    client.post("/account/email/", {"action_add": "", "email": "ana@example.org"})
    user.refresh_from_db()
    assert user.email == "ana@example.com"
    client.post(link_in(mail.outbox[-1]))
    user.refresh_from_db()
    assert user.email == "ana@example.org"
    assert Entry.objects.get(action="account.email").actor == user.pk


def set_up_second_factor(client):
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    secret = shown_secret(client.get(ACTIVATE))
    return secret, client.post(ACTIVATE, {"code": code_of(secret)})


def shown_secret(page):
    return re.search(r'<span class="code">([A-Z2-7]{32})</span>', page.text).group(1)


def code_of(secret):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


@pytest.mark.django_db(transaction=True)  # allauth tells of it after the commit
def test_the_secrets_of_a_second_factor_are_sealed(client, person):
    user = person()
    sign_in(client)
    secret, answer = set_up_second_factor(client)
    assert answer.status_code == 302
    rows = {row.type: row for row in Authenticator.objects.filter(user=user)}
    assert set(rows) == {"totp", "recovery_codes"}
    assert secret not in str([row.data for row in rows.values()])
    assert factor_secrets.unseal(rows["totp"].data["secret"]) == secret
    assert Entry.objects.filter(action="account.second_factor.add", actor=user.pk).exists()


def test_the_secret_is_sealed_in_the_session_too_until_the_person_has_typed_a_code(client, person):
    person()
    sign_in(client)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    secret = shown_secret(client.get(ACTIVATE))
    assert secret not in str(client.session.items())
    assert shown_secret(client.post(ACTIVATE, {"code": "000000"})) == secret
    assert secret not in str(client.session.items())
    assert client.post(ACTIVATE, {"code": code_of(secret)}).status_code == 302
    assert "mfa.totp.secret" not in client.session


def test_a_secret_that_no_key_opens_is_replaced_before_it_counts(client, person, settings):
    person()
    sign_in(client)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    secret = shown_secret(client.get(ACTIVATE))
    settings.ENCRYPTION_KEYS = [base64.b64encode(bytes(range(1, 33))).decode()]
    assert shown_secret(client.post(ACTIVATE, {"code": code_of(secret)})) != secret
    assert not Authenticator.objects.exists()


def test_staff_keep_a_second_factor_that_the_server_asks_for(client, person, settings):
    settings.STAFF_MFA_REQUIRED = True
    user = person()
    user.is_staff = True
    user.save()
    sign_in(client)
    set_up_second_factor(client)
    client.post("/account/two-steps/totp/deactivate/")
    assert Authenticator.objects.filter(type="totp").exists()
    settings.STAFF_MFA_REQUIRED = False
    client.post("/account/two-steps/totp/deactivate/")
    assert not Authenticator.objects.exists()


def test_sign_up_is_limited_by_the_clients_address(client, settings):
    settings.TRUSTED_PROXIES = trusted_proxies(["127.0.0.1"])

    def answers(address):
        form = {"email": "ana@example.com", "password1": "short"}
        return client.post("/account/signup/", form, headers={"x-forwarded-for": address}).status_code

    assert [answers("203.0.113.1") for _ in range(21)] == [200] * 20 + [429]
    assert answers("203.0.113.2") == 200


def test_without_valkey_people_still_sign_in_and_set_up_a_second_factor(client, person, settings, caplog):
    person()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.CACHES = {**settings.CACHES, "default": {**settings.CACHES["default"], "LOCATION": settings.REDIS_URL}}
    assert sign_in(client).status_code == 302
    assert signed_in(client)
    assert set_up_second_factor(client)[1].status_code == 302
    assert "the cache is empty" in caplog.text


def test_a_mail_server_that_refuses_breaks_no_page(client, person, settings, caplog):
    user = person()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert client.post("/account/password/reset/", {"email": user.email}).status_code == 302
    assert "could not be sent" in caplog.text
    assert user.email not in caplog.text


def test_valkey_holds_no_address_of_a_person(client, person, settings):
    user = person()
    sign_in(client, password="wrong")
    client.post("/account/password/reset/", {"email": user.email})
    keys = Redis.from_url(settings.REDIS_URL).keys("*")
    assert keys
    assert not [key for key in keys if b"ana" in key.lower()]


def test_staff_of_an_operator_need_no_proof_and_others_do(client):
    staff = get_user_model().objects.create_superuser("op", email="op@example.com", password=PASSWORD)
    assert sign_in(client, "op")["Location"] == "/"
    assert EmailAddress.objects.get(user=staff).verified
    client.logout()
    get_user_model().objects.create_user("eva", email="eva@example.com", password=PASSWORD)
    assert sign_in(client, "eva")["Location"] == "/account/confirm-email/"
    assert ProveAddress.key


def test_staff_sign_in_also_if_their_address_is_that_of_another_account(client, person):
    person("op@example.com")
    get_user_model().objects.create_superuser("op", email="OP@example.com", password=PASSWORD)
    assert sign_in(client, "op")["Location"] == "/"
    assert EmailAddress.objects.get().user.username != "op"


def test_a_barred_person_is_not_signed_in(client, person):
    user = person()
    user.is_active = False
    user.save()
    assert sign_in(client)["Location"] == "/account/inactive/"
    assert not signed_in(client)


def test_a_person_signs_out_everywhere_else(client, person):
    person()
    elsewhere = type(client)()
    sign_in(elsewhere)
    sign_in(client)
    client.post("/account/sessions/")
    assert elsewhere.get("/account/sessions/").status_code == 302
    assert client.get("/account/sessions/").status_code == 200
