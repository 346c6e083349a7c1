"""Reports of browsers: only what our own page sends is read."""

import json

import pytest

from apps.banking.widget.report import Refused, Report, read_report


def test_a_report_has_a_kind_and_may_have_a_code_and_a_time():
    assert read_report(b'{"kind": "sdk_loaded", "ms": 120}') == Report("sdk_loaded", "", 120)
    assert read_report(b'{"kind": "failed", "code": "ACCOUNT_LOCKED"}') == Report("failed", "ACCOUNT_LOCKED", 0)


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "sdk_loaded", "user": "ana"},
        {"kind": "sdk_loaded", "code": "TIMEOUT"},
        {"kind": "sdk_failed"},
        {"kind": "sdk_failed", "code": "ACCOUNT_LOCKED"},
        {"kind": "failed", "code": "user@example.com"},
        {"kind": "token_made"},
        {"kind": "deleted"},
        {"kind": ["opened"]},
        {"kind": "failed", "code": {}},
        {"kind": "sdk_loaded", "ms": -1},
        {"kind": "sdk_loaded", "ms": 1.5},
        {"kind": "sdk_loaded", "ms": True},
        {"kind": "sdk_loaded", "ms": 10**9},
        {},
        [],
        "opened",
    ],
)
def test_anything_else_is_refused(body):
    with pytest.raises(Refused) as refusal:
        read_report(json.dumps(body).encode())
    assert "example.com" not in str(refusal.value)


@pytest.mark.parametrize("raw", [b"", b"kind=opened", b"\xff", b'{"kind": "opened", "ms": 1' + b" " * 300 + b"}"])
def test_what_is_no_short_json_is_refused(raw):
    with pytest.raises(Refused):
        read_report(raw)
