"""Every error that a service can answer, and every field that a person fills in, has words of its own."""

import re
from importlib import resources

import pytest
from django.utils.translation import override

from apps.integrations.catalogue import BY_PROVIDER, ENTRIES
from apps.integrations.connect.fields import Kind, fields_of
from apps.integrations.connect.words import FIELDS
from apps.integrations.pages.database_words import label_words, warning_words
from apps.integrations.pages.reasons import reason_words
from apps.integrations.pages.words import COMMON, error_words, has_words
from plugfn.oauth.flow import ERRORS
from plugfn.oauth.token_endpoint import CODES as OAUTH

PROVIDERS = [entry.provider for entry in ENTRIES]
# Codes that stand for others in a README: PostgreSQL's have classes, and SMTP's first digits say enough.
MORE = {"database_postgres": {"28000", "53300", "57P03"}, "email_smtp": {"smtp_499", "smtp_599"}}


def documented(provider):
    """The codes in the tables of errors of the provider's README."""
    text = (resources.files(f"plugfn.providers.{provider}") / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\|([^|]*)\|([^|]*)\|", text.partition("## Errors")[2], re.MULTILINE)
    return {
        code for first, second in rows for code in (re.findall(r"`(\w+)`", first) or re.findall(r"`(\w+)`", second))
    }


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_code_of_a_provider_has_words(provider):
    errors = BY_PROVIDER[provider].definition.errors
    codes = {*errors.codes, *(f"http_{status}" for status in errors.statuses)} | documented(provider)
    assert len(codes) > 5
    codes |= MORE.get(provider, set())
    assert {code for code in codes if not has_words(code, provider)} == set()


def test_every_code_of_a_sign_in_has_words():
    assert {code for code in {*OAUTH, *ERRORS} if not has_words(code)} == set()


def test_a_code_means_what_its_own_service_means_by_it():
    with override("en"):
        assert (
            error_words("http_404", "github") != error_words("http_404", "whatsapp_uazapi") != error_words("http_404")
        )
        assert error_words("57P03", "database_postgres") == error_words("57", "database_postgres")
        assert error_words("http_599", "github") == "The service failed. Try again later."
        assert error_words("eaten_by_a_dog", "github") == "It did not work. The other side says: eaten_by_a_dog"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_field_of_a_form_has_a_label_and_every_choice_a_name(provider):
    fields = fields_of(BY_PROVIDER[provider])
    assert {field.name for field in fields} == set(FIELDS.get(provider, ()))
    nameless = [(field.name, one) for field in fields for one in field.choices if one not in field.words.choices]
    assert nameless == []


def test_what_must_not_be_read_is_a_secret_of_the_form():
    secret = {entry.provider: {f.name for f in fields_of(entry) if f.is_secret} for entry in ENTRIES}
    assert secret == {
        "whatsapp_uazapi": {"token"},
        "email_smtp": {"password"},
        "email_sendgrid": {"api_key"},
        "database_supabase": {"key"},
        "database_postgres": {"password"},
        "http": {"url", "secret", "old_secrets", "headers"},
        "github": set(),
        "slack": set(),
    }


def test_the_kinds_of_fields_are_those_of_the_model():
    kinds = {(entry.provider, field.name): field.kind for entry in ENTRIES for field in fields_of(entry)}
    assert kinds["database_postgres", "root_certificate"] is Kind.LONG_TEXT
    assert kinds["database_postgres", "allow_sql"] is Kind.SWITCH
    assert kinds["database_postgres", "allowed_tables"] is Kind.NAMES
    assert kinds["email_smtp", "timeout"] is Kind.NUMBER
    assert kinds["email_smtp", "security"] is Kind.CHOICE
    assert kinds["whatsapp_uazapi", "phone"] is Kind.TEXT
    assert kinds["http", "headers"] is Kind.SECRET_PAIRS
    assert kinds["http", "old_secrets"] is Kind.SECRETS
    assert kinds["http", "redirects"] is Kind.INTEGER


def test_reasons_and_warnings_are_said_in_portuguese_and_unknown_ones_as_they_are():
    with override("pt-br"):
        assert reason_words("String should have at most 63 characters") == "No máximo 63 caracteres."
        assert reason_words("must begin with https://") == "Comece o endereço com https://."
        assert reason_words("is eaten by a dog") == "Is eaten by a dog"
        assert warning_words("The role may write to 3 of the tables it sees.").startswith(
            "O usuário pode escrever em 3 tabelas."
        )
        assert warning_words("1 of the allowed tables do not exist, or the role may not read them.").startswith(
            "1 tabela da lista não existe"
        )
        assert label_words("shop as ana, PostgreSQL 16. Warning: The role is a superuser") == (
            "shop como ana, PostgreSQL 16"
        )
        assert label_words("nota@example.com") == "nota@example.com"
        assert warning_words("Something new.") == "Something new."
        assert str(COMMON["dns"]).startswith("Nenhum servidor tem este nome.")
