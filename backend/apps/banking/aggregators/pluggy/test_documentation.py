"""docs/pluggy.md describes every call and every code as the code has them."""

import re

import pytest

from apps.banking.aggregators.pluggy.client.api import PATIENCE_SECONDS, SHARE
from apps.banking.aggregators.pluggy.client.endpoints import ENDPOINTS, Endpoint
from apps.banking.aggregators.pluggy.client.keys import RENEW_AT
from apps.banking.aggregators.pluggy.codes import CODES
from apps.banking.aggregators.verdict import CodeRow
from core.documents import BACKEND, ROOT
from plugfn.net.retry_after import CAP_SECONDS

TEXT = (ROOT / "docs" / "pluggy.md").read_text()


def endpoint_line(endpoint: Endpoint) -> str:
    """An endpoint's row in the table of calls."""
    once = "never" if endpoint.once else "yes"
    path = endpoint.path.replace("{}", "{id}")
    return f"| `{endpoint.method} {path}` | `{endpoint.name}` | {endpoint.budget}, {endpoint.per_minute} | {once} |"


def api_line(row: CodeRow) -> str:
    """A code's row in the table of API errors."""
    assert row.error is not None
    return f"| `{row.code}` | {row.error.__name__} | {row.error_type} | {row.action or '-'} | {row.reason} |"


def item_line(row: CodeRow) -> str:
    """A code's row in the table of an item's states."""
    return f"| `{row.code}` | {row.health} | {row.error_type or '-'} | {row.action or '-'} | {row.reason} |"


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_every_call_is_documented(endpoint):
    assert endpoint_line(endpoint) in TEXT


@pytest.mark.parametrize("row", CODES, ids=lambda row: row.code)
def test_every_code_is_documented(row):
    assert (item_line(row) if row.where == "item" else api_line(row)) in TEXT


def test_the_documentation_has_no_row_for_a_removed_call_or_code():
    rows = [
        line for line in TEXT.splitlines() if re.match(r"\| `([A-Z_]+[0-9]*|(GET|POST|PATCH|DELETE) /\S*)` \|", line)
    ]
    settings_rows = [line for line in rows if line.startswith("| `PLUGGY_")]
    assert len(rows) - len(settings_rows) == len(ENDPOINTS) + len(CODES)


def test_every_setting_of_pluggys_is_documented_and_no_other():
    documented = set(re.findall(r"`(PLUGGY_[A-Z_]+)`", TEXT))
    source = (BACKEND / "core" / "settings.py").read_text()
    assert documented == set(re.findall(r'env\.\w+\("(PLUGGY_[A-Z_]+)"', source))


def test_the_documented_figures_match_the_code():
    for figure in (
        f"{SHARE:.0%}",
        f"{RENEW_AT:.0%}",
        f"{PATIENCE_SECONDS:.0f} seconds",
        f"{CAP_SECONDS / 3600:.0f} hour",
    ):
        assert figure.replace("%", " %") in TEXT
