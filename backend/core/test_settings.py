"""What the settings refuse, and what they make of the environment, in a process of its own."""

import json
import os
import subprocess
import sys

import pytest

from core.documents import BACKEND

LOCAL = "http://127.0.0.1:8000"


def load(*names: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Import the settings as a process does at its start, and print some of them as JSON."""
    program = f"import json\nfrom core import settings\nprint(json.dumps([getattr(settings, n) for n in {names}]))"
    environment = {**os.environ, **environment}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=BACKEND, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["PLUGGY_WEBHOOK_SECRET", "PLUGGY_HMAC_SECRET", "ENCRYPTION_KEYS"])
def test_a_comma_that_leaves_an_empty_secret_is_an_error_at_the_start(name):
    done = load(**{name: "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=,"})
    assert done.returncode != 0
    assert f"{name} contains an empty secret" in done.stderr
    assert "MDEy" not in done.stderr


@pytest.mark.parametrize("name", ["PLUGGY_WEBHOOK_SECRET", "PLUGGY_HMAC_SECRET", "METRICS_TOKEN"])
def test_a_short_secret_is_an_error_in_production_only(name):
    done = load(**{name: "hunter2"})
    assert done.returncode != 0
    assert f"{name} contains a secret of fewer than 16 characters" in done.stderr
    assert "hunter2" not in done.stderr
    assert load(**{name: "hunter2", "DEBUG": "true", "PUBLIC_URL": LOCAL}).returncode == 0


def test_secrets_may_be_separated_by_a_comma_and_a_space():
    done = load("PLUGGY_WEBHOOK_SECRETS", "PLUGGY_HMAC_SECRETS", PLUGGY_WEBHOOK_SECRET=f"{'n' * 16}, {'o' * 16}")
    assert json.loads(done.stdout) == [["n" * 16, "o" * 16], []]


def test_debug_at_a_public_address_is_an_error_at_the_start():
    for address in ("https://ponte.example.com", "http://192.0.2.7:8000"):
        done = load(DEBUG="true", PUBLIC_URL=address)
        assert done.returncode != 0
        assert "DEBUG must be off" in done.stderr
    for address in ("", LOCAL, "http://localhost:8000"):
        assert load(DEBUG="true", PUBLIC_URL=address).returncode == 0


@pytest.mark.parametrize(
    ("environment", "secure"),
    [
        ({"PUBLIC_URL": "https://ponte.example.com"}, True),
        ({"PUBLIC_URL": ""}, True),
        ({"PUBLIC_URL": LOCAL}, False),
        ({"PUBLIC_URL": LOCAL, "DEBUG": "true"}, False),
    ],
)
def test_cookies_need_tls_unless_only_this_machine_reaches_the_pages(environment, secure):
    done = load("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", **environment)
    assert json.loads(done.stdout) == [secure, secure]


def test_browsers_are_told_to_insist_on_tls_for_an_hour_and_for_this_host_alone():
    names = ("SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD")
    assert json.loads(load(*names).stdout) == [3600, False, False]
    chosen = {"SECURE_HSTS_SECONDS": "31536000", **dict.fromkeys(names[1:], "true")}
    assert json.loads(load(*names, **chosen).stdout) == [31536000, True, True]
