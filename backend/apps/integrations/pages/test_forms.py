"""The generated form: what it keeps, removes, fills in and leaves out."""

from pydantic import SecretStr

from apps.integrations.catalogue import BY_PROVIDER
from apps.integrations.pages.forms import CredentialsForm
from plugfn.providers.email_sendgrid.credentials import SendGridCredentials
from plugfn.providers.http.access import HttpAccess

HTTP, SENDGRID, POSTGRES = (BY_PROVIDER[name] for name in ("http", "email_sendgrid", "database_postgres"))
SECRET = "whsec_" + "QUJD" * 8
STORED = HttpAccess(
    url="https://example.com/hook/0123456789",
    secret=SecretStr(SECRET),
    headers={"X-Api-Key": SecretStr("chave-de-api-0123"), "X-Short": SecretStr("curto")},
)


def entered(form):
    assert form.is_valid(), form.errors
    return form.credentials()


def test_empty_secrets_are_kept_and_never_shown():
    form = CredentialsForm(HTTP, {"redirects": "1"}, stored=STORED)
    kept = entered(form)
    assert HttpAccess.model_validate(kept) == STORED.model_copy(update={"redirects": 1})
    html = form.as_p() + str([str(field.help_text) for field in form.fields.values()])
    for hidden in (SECRET, "chave-de-api", "curto", "example.com/hook"):
        assert hidden not in html.replace('placeholder="https://example.com/hook"', "")
    assert "…QUJD" in html
    assert "X-Api-Key, X-Short" in html


def test_a_secret_is_replaced_or_removed_when_the_person_says_so():
    data = {"redirects": "0", "secret__remove": "on", "headers": "X-New: a, b: c\n\nX-Other:d"}
    changed = entered(CredentialsForm(HTTP, data, stored=STORED))
    assert "secret" not in changed
    assert changed["headers"] == {"X-New": "a, b: c", "X-Other": "d"}
    # What is required cannot be removed.
    assert "url__remove" not in CredentialsForm(HTTP, stored=STORED).fields


def test_the_operators_defaults_fill_the_form_but_their_secret_stays_out_of_it():
    form = CredentialsForm(
        SENDGRID, {"from_email": "a@example.com", "region": "eu"}, defaults={"api_key": "SG.of-the-operator"}
    )
    assert "SG.of-the-operator" not in form.as_p() + str(form.fields["api_key"].help_text)
    assert entered(form) == {
        "api_key": "SG.of-the-operator",
        "from_email": "a@example.com",
        "region": "eu",
        "aliases": [],
    }
    mine = CredentialsForm(
        SENDGRID,
        {"from_email": "a@example.com", "region": "us", "api_key": "SG.mine"},
        defaults={"api_key": "SG.other"},
    )
    assert entered(mine)["api_key"] == "SG.mine"


def test_the_operators_secret_has_no_end_in_the_form_of_an_integration_that_uses_it(settings):
    secret = "SG.of-the-operator-0123456789"
    stored = SendGridCredentials(api_key=SecretStr(secret), from_email="a@example.com")
    assert "…6789" in CredentialsForm(SENDGRID, stored=stored).fields["api_key"].help_text
    settings.INTEGRATION_DEFAULTS = {"email_sendgrid": {"api_key": secret}}
    told = CredentialsForm(SENDGRID, stored=stored).fields["api_key"].help_text
    assert "6789" not in told
    assert "Deixe vazio para usar a deste servidor." in told


def test_what_few_people_need_is_folded_and_unfolds_for_its_errors():
    form = CredentialsForm(POSTGRES)
    assert [bound.name for bound in form.unfolded] == [
        "host",
        "port",
        "dbname",
        "user",
        "password",
        "allowed_tables",
        "max_rows",
    ][:6]
    assert form["port"].value() == 5432
    assert not form.is_open
    assert CredentialsForm(POSTGRES, {"timeout": "99"}).is_open
