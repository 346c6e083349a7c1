"""What the settings refuse, and what they make of the environment, in a process of its own."""

import json
import os
import subprocess
import sys

import pytest

from core.documents import BACKEND


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
    assert load(**{name: "hunter2", "DEBUG": "true"}).returncode == 0


def test_secrets_may_be_separated_by_a_comma_and_a_space():
    done = load("PLUGGY_WEBHOOK_SECRETS", "PLUGGY_HMAC_SECRETS", PLUGGY_WEBHOOK_SECRET=f"{'n' * 16}, {'o' * 16}")
    assert json.loads(done.stdout) == [["n" * 16, "o" * 16], []]
