"""Schemathesis calls every operation of the live server with good and bad input, and compares the answers with the
schema. The aggregator is emulated, and the limits of calls are raised."""

import os
import re
import socket
import subprocess
import sys
from datetime import date

import pytest
import requests

from apps.api.jwt import make_pair
from apps.banking import factories as f
from apps.banking.conftest import CLIENT_ID, CLIENT_SECRET, Bank
from apps.clients.factories import MembershipFactory
from apps.integrations.factories import MessageFactory
from lib.row_security import client_rows

pytestmark = pytest.mark.django_db(transaction=True)

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "positive_data_acceptance",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "use_after_free",
    "ensure_resource_availability",
    "ignored_auth",
)


# No schema says which cursors, phone numbers and addresses are valid, so none is invented for a case that the server is
# to accept.
HOOKS = """
import schemathesis

@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    for sent in (case.query, case.body):
        if isinstance(sent, dict):
            for name in ("cursor", "phone", "email"):
                sent.pop(name, None)
"""


# The coverage of these operations would take longer than that of all others, and their bodies have tests of their own.
# And what no schema can say: whether a server knows a login. Refusing one is no fault.
CONFIG = """
[[operations]]
include-path-regex = "/api/(integrations|contacts|conversations)/"
phases.coverage.enabled = false

[[operations]]
include-path-regex = "/api/integrations/(whatsapp/configure/|email/configure/|database/configure/)?$"
include-method = "POST"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "403", "404", "409", "429", "5xx"]
"""


@pytest.fixture
def bank():
    bank = Bank()
    yield bank
    bank.stop()


@pytest.fixture
def member(bank):
    bank.reset()
    member = MembershipFactory(user__is_staff=True, user__is_superuser=True)
    card = f.AccountFactory(connection__member=member, type="CREDIT", connection__connector=f.ConnectorFactory())
    f.TransactionFactory.create_batch(3, account=card, merchant_name="Padaria", note="x")
    f.BalanceSnapshotFactory(account=card)
    f.CreditCardBillFactory(account=card)
    f.CreditCardBillFactory(account=card, due_date=None)
    f.LoanFactory(connection=card.connection, contract_date=date(2026, 1, 1))
    f.IdentityFactory(connection=card.connection)
    f.SyncRunFactory(connection=card.connection)
    f.InvestmentTransactionFactory(investment__connection=card.connection)
    with client_rows(member.client_id):
        MessageFactory(conversation__contact__client=member.client, content="Oi")
    return member


@pytest.fixture
def server(start_process, wait_until, bank):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    limits = {f"API_CALLS_PER_{name}": "1000000" for name in ("USER", "CLIENT", "ADDRESS")}
    vendor = {"PLUGGY_API_URL": bank.url, "PLUGGY_CLIENT_ID": CLIENT_ID, "PLUGGY_CLIENT_SECRET": CLIENT_SECRET}
    options = ("-b", f"127.0.0.1:{port}", "-c", "gunicorn.conf.py")
    start_process("gunicorn", "core.asgi:application", *options, WEB_CONCURRENCY="2", **limits, **vendor)

    def answers() -> bool:
        try:
            return requests.get(f"{address}/health/live", timeout=5).ok
        except requests.RequestException:
            return False

    wait_until(answers, 60, "the web server")
    return address


def test_no_input_breaks_the_api_or_gets_an_answer_that_the_schema_lacks(server, member, tmp_path):
    (tmp_path / "hooks.py").write_text(HOOKS)
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    token = make_pair(member.user, None).access
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{server}/api/schema/?format=json"),
        *("--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing", "--max-examples", "2"),
        *("--header", f"Authorization: Bearer {token}", "--seed", "1", "--workers", "2", "--request-timeout", "20"),
        *("--no-color", "--suppress-health-check", "all", "--warnings", "off"),
    ]
    run = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "SCHEMATHESIS_HOOKS": "hooks"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-30_000:] + run.stderr[-2000:]
    assert re.search(r"(\d+) passed", run.stdout)
