"""The README has every row of the tables, and every parameter, field and setting."""

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


def test_the_provider_keeps_the_contract():
    assert problems(provider, FOLDER) == []


@pytest.mark.parametrize(
    ("code", "row"), [*CODES.items(), *((f"http_{status}", row) for status, row in STATUSES.items())]
)
def test_the_readme_has_every_row_of_the_error_table(code, row):
    assert f"| `{code}` | {row.error.__name__} | {row.error.next} | {row.meaning} |" in TEXT


def test_the_readme_has_every_parameter_field_and_setting():
    models = (SendEmail, SendGridCredentials, SendGridSettings, EmailEvent)
    named = {name for model in models for name in model.model_fields}
    assert {name for name in [*named, *HEADERS.values()] if f"`{name}`" not in TEXT} == set()
