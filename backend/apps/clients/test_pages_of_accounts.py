"""Every page that allauth can show is ours, in our look and language."""

from pathlib import Path

import pytest
from allauth.account.models import EmailConfirmationHMAC
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.template.loader import get_template
from django.test import Client as Browser
from django.urls import URLPattern, get_resolver

from apps.clients.conftest import PASSWORD

pytestmark = pytest.mark.django_db

OURS = str(Path(__file__).resolve().parents[2])
ARGUMENTS = {"key": "abc-set-password", "uidb36": "1"}


def patterns(resolver=None, prefix="/"):
    """All routes below /account/, with their names."""
    for each in (resolver or get_resolver()).url_patterns:
        route = prefix + str(each.pattern).lstrip("^").rstrip("$")
        if isinstance(each, URLPattern):
            if route.startswith("/account/"):
                yield each.name, route
        elif "account" in route or prefix != "/":
            yield from patterns(each, route)


NAMES = sorted(dict(patterns()))


def address(name: str) -> str:
    from django.urls import reverse

    for arguments in ({}, {"key": "abc"}, ARGUMENTS):
        try:
            return reverse(name, kwargs=arguments)
        except Exception:  # noqa: BLE001 - which arguments a route takes is what is looked for
            continue
    raise AssertionError(name)


def all_ours(answer) -> bool:
    pages = [template for template in answer.templates if str(template.name).endswith(".html")]
    strange = [template.origin.name for template in pages if not str(template.origin.name).startswith(OURS)]
    # Django's own widgets are parts of forms.
    return not [name for name in strange if "/django/forms/" not in name]


def test_there_are_pages_to_look_at():
    assert {"account_login", "mfa_index", "usersessions_list", "account_confirm_email"} <= set(NAMES)
    assert len(NAMES) > 20


@pytest.mark.parametrize("name", NAMES)
def test_a_strangers_page_is_ours(client, name):
    answer = client.get(address(name), follow=True)
    assert answer.status_code in {200, 404, 405}
    assert all_ours(answer), [template.name for template in answer.templates]


@pytest.mark.parametrize("language", ["pt-br", "en"])
@pytest.mark.parametrize("name", [name for name in NAMES if name != "account_logout"])
def test_a_persons_page_is_ours(owner, name, language):
    owner.post("/account/reauthenticate/", {"password": PASSWORD})
    answer = owner.get(address(name), follow=True, headers={"accept-language": language})
    # Pages for strangers lead on to the first page.
    assert answer.status_code < 500
    assert all_ours(answer), [template.name for template in answer.templates]


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("mfa_")])
def test_the_pages_of_a_second_factor_are_ours(owner, name):
    owner.post("/account/reauthenticate/", {"password": PASSWORD})
    TOTP.activate(owner.membership.user, generate_totp_secret())
    RecoveryCodes.activate(owner.membership.user)
    answer = owner.get(address(name), follow=True)
    assert answer.status_code < 500
    assert all_ours(answer), [template.name for template in answer.templates]


def test_pages_between_the_steps_are_ours(client, owner):
    TOTP.activate(owner.membership.user, generate_totp_secret())
    fresh = Browser()
    form = {"login": owner.membership.user.email, "password": PASSWORD}
    assert all_ours(fresh.post("/account/login/", form, follow=True))
    address_row = owner.membership.user.emailaddress_set.get()
    assert all_ours(client.get(f"/account/confirm-email/{EmailConfirmationHMAC(address_row).key}/"))
    assert all_ours(client.post("/account/signup/", {"email": "x", "password1": "y"}))


def test_every_mail_of_allauth_is_ours():
    import allauth

    root = Path(allauth.__file__).parent / "templates"
    for path in [*root.glob("account/email/*.txt"), *root.glob("mfa/email/*.txt")]:
        name = str(path.relative_to(root))
        unused = ("webauthn", "code_", "base_", "password_reset_message", "password_reset_subject")
        if not any(part in name for part in unused):
            assert str(get_template(name).origin.name).startswith(OURS), name


def test_the_mail_is_text_and_a_page_in_the_readers_language(client, mailoutbox):
    client.post(
        "/account/signup/",
        {"email": "ana@example.com", "password1": PASSWORD},
        headers={"accept-language": "en"},
    )
    mail = mailoutbox[0]
    assert mail.subject == "Confirm your e-mail address"
    page, kind = mail.alternatives[0][:2]
    assert kind == "text/html"
    assert 'href="http' in page
    client.post("/account/signup/", {"email": "bia@example.com", "password1": PASSWORD})
    assert mailoutbox[1].subject == "Confirme o seu endereço de e-mail"


def test_too_many_sign_ups_show_a_page_of_ours(client):
    for _ in range(21):
        answer = client.post("/account/signup/", {"email": "ana@example.com", "password1": "x"})
    assert answer.status_code == 429
    assert all_ours(answer)


def test_the_login_has_labels_and_says_what_went_wrong(client):
    page = client.get("/account/login/", headers={"accept-language": "en"}).text
    assert 'for="id_login"' in page
    assert "Create an account" in page
    wrong = client.post(
        "/account/login/", {"login": "a@example.com", "password": "x"}, headers={"accept-language": "en"}
    )
    assert "The e-mail address or the password is wrong." in wrong.text


def test_a_closed_server_offers_no_sign_up(client, settings):
    settings.SIGNUP_ENABLED = False
    assert "/account/signup/" not in client.get("/account/login/").text
    assert "signup_closed" in str([template.name for template in client.get("/account/signup/").templates])


def test_the_security_page_costs_the_same_for_everybody(owner, django_assert_num_queries):
    with django_assert_num_queries(6):
        assert owner.get("/settings/security/").status_code == 200
