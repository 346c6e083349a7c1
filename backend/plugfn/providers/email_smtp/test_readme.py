"""The page for users says what the table says."""

from pathlib import Path

import pytest

from plugfn.mail.send import HEADERS, SendEmail
from plugfn.providers.email_smtp import provider
from plugfn.providers.email_smtp.credentials import SmtpCredentials, SmtpSettings
from plugfn.providers.email_smtp.meaning import CODES, REST
from plugfn.testing.provider_contract import problems

FOLDER = Path(__file__).parent
TEXT = (FOLDER / "README.md").read_text()


def test_the_folder_is_what_a_provider_is():
    assert problems(provider, FOLDER) == []


@pytest.mark.parametrize(("key", "row"), [*CODES.items(), *(((stage, None), row) for stage, row in REST.items())])
def test_every_row_of_the_table_is_in_it(key, row):
    code = "any other 5xx" if key[1] is None else f"`smtp_{key[1]}`"
    assert f"| {key[0]} | {code} | {row.error.__name__} | {row.error.next} | {row.meaning} |" in TEXT


def test_every_parameter_field_and_setting_is_in_it():
    models = (SendEmail, SmtpCredentials, SmtpSettings)
    named = {name for model in models for name in model.model_fields} - {"webhook_secrets"}
    assert {name for name in [*named, *HEADERS.values()] if f"`{name}`" not in TEXT} == set()
