"""The page for users says what the tables say."""

from pathlib import Path

import pytest

from plugfn.mail.events import EmailEvent
from plugfn.mail.send import HEADERS, SendEmail
from plugfn.providers.email_sendgrid import provider
from plugfn.providers.email_sendgrid.credentials import SendGridCredentials, SendGridSettings
from plugfn.providers.email_sendgrid.errors import CODES, STATUSES
from plugfn.testing.provider_contract import problems

FOLDER = Path(__file__).parent
TEXT = (FOLDER / "README.md").read_text()


def test_the_folder_is_what_a_provider_is():
    assert problems(provider, FOLDER) == []


@pytest.mark.parametrize(
    ("code", "row"), [*CODES.items(), *((f"http_{status}", row) for status, row in STATUSES.items())]
)
def test_every_row_of_the_table_is_in_it(code, row):
    assert f"| `{code}` | {row.error.__name__} | {row.error.next} | {row.meaning} |" in TEXT


def test_every_parameter_field_and_setting_is_in_it():
    models = (SendEmail, SendGridCredentials, SendGridSettings, EmailEvent)
    named = {name for model in models for name in model.model_fields}
    assert {name for name in [*named, *HEADERS.values()] if f"`{name}`" not in TEXT} == set()
