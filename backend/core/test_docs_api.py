"""Each curl of docs/api.md and of the README does what it says, and the error codes of the page exist."""

import json
import re
import shlex
from urllib.parse import urlsplit

import pytest

from apps.api.jwt import make_pair
from apps.banking import factories as f
from apps.banking.conftest import _bank, bank  # noqa: F401 - pytest finds fixtures by their names
from apps.clients.factories import MembershipFactory
from apps.conftest import caller, stranger  # noqa: F401
from apps.integrations.factories import integration_row
from core.documents import ROOT, document, sources

pytestmark = pytest.mark.django_db
# In README.md only those that call the API.
CALLS = [
    line
    for page in ("docs/api.md", "README.md")
    for line in document(page).commands("bash")
    if line.startswith("curl ") and "/api/" in line and "webhooks" not in line
]


def read(line: str, names: dict[str, str]) -> tuple[str, str, str, dict[str, str]]:
    """Method, path, body and headers of a curl."""
    for name, value in names.items():
        line = line.replace(f"${name}", value)
    words = iter(shlex.split(line)[1:])
    method, body, url, headers = "GET", "", "", {}
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-d":
            body = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        else:
            assert not word.startswith("-"), word
            url = word
    parts = urlsplit(url)
    return method, parts.path + (f"?{parts.query}" if parts.query else ""), body, headers


@pytest.fixture
def member(bank, settings):  # noqa: F811
    settings.ACCOUNT_EMAIL_VERIFICATION = "none"
    member = MembershipFactory(user__username="ana@example.com")
    member.user.set_password("a-long-password")
    member.user.save()
    connection = f.ConnectionFactory(pk=17, member=member, vendor_id=bank.connect(member))
    account = f.AccountFactory(connection=connection)
    f.CategoryFactory(vendor_id="11000000")
    integration_row(member.client, "email_smtp")
    f.TransactionFactory(pk=1201, account=account)
    f.TransactionFactory.create_batch(3, account=account)
    return member


@pytest.mark.parametrize("line", CALLS)
def test_a_curl_of_the_documents_works(line, bank, member, caller, stranger):  # noqa: F811
    program = caller(member)
    names = {
        "TOKEN": program.token,
        "REFRESH": make_pair(member.user, None).refresh,
        "CURSOR": program.get("/api/transactions/", limit=1)[1]["next_cursor"],
        "INTEGRATION": str(integration_row(member.client, "whatsapp_uazapi").pk) if "integrations" in line else "",
        "ITEM": bank.connect(member) if "$ITEM" in line else "",
    }
    method, path, body, headers = read(line, names)
    kind = headers.pop("Content-Type", "application/json")
    status, answer = stranger.call(method, path, body, headers=headers, content_type=kind)
    assert status < 300, answer
    assert answer["success"] is True


def test_the_page_has_examples_of_each_kind():
    assert len(CALLS) > 10
    assert {shlex.split(line)[2] for line in CALLS if "-X" in line} >= {"POST", "PATCH", "DELETE"}


def test_each_error_code_of_the_page_is_in_the_code():
    text = "".join(sources())
    cells = [row[1] for row in document("docs/api.md").table("Status", "`error_code`", "Means")]
    codes = {code for cell in cells for code in re.findall("`([A-Z_]+)`", cell)}
    assert len(codes) > 15
    for code in codes:
        assert f'"{code}"' in text or f'"{code.lower()}"' in text, code


def test_the_error_of_the_page_has_the_form_of_every_error(stranger):  # noqa: F811
    blocks = [json.loads(block) for block in document("docs/api.md").blocks("json")]
    (shown,) = [block for block in blocks if block.get("success") is False]
    assert set(shown) == set(stranger.get("/api/nothing/")[1])


def test_the_readme_shows_one_line_that_reads_transactions():
    assert [line for line in CALLS if line in (ROOT / "README.md").read_text()]
