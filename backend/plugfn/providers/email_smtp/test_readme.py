"""The README has every row of the table, and every parameter, field and setting."""

from pathlib import Path

import pytest

from plugfn.mail.send import HEADERS, SendEmail
from plugfn.providers.email_smtp import provider
from plugfn.providers.email_smtp.credentials import SmtpCredentials, SmtpSettings
from plugfn.providers.email_smtp.meaning import CODES, OTHER_5XX
from plugfn.testing.provider_contract import problems

FOLDER = Path(__file__).parent
TEXT = (FOLDER / "README.md").read_text()


def test_the_provider_keeps_the_contract():
    assert problems(provider, FOLDER) == []


@pytest.mark.parametrize(("key", "row"), [*CODES.items(), *(((stage, None), row) for stage, row in OTHER_5XX.items())])
def test_the_readme_has_every_row_of_the_error_table(key, row):
    code = "any other 5xx" if key[1] is None else f"`smtp_{key[1]}`"
    assert f"| {key[0]} | {code} | {row.error.__name__} | {row.error.next} | {row.meaning} |" in TEXT


def test_the_readme_has_every_parameter_field_and_setting():
    models = (SendEmail, SmtpCredentials, SmtpSettings)
    named = {name for model in models for name in model.model_fields} - {"webhook_secrets"}
    assert {name for name in [*named, *HEADERS.values()] if f"`{name}`" not in TEXT} == set()
