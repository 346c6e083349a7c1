import os
import subprocess
import sys

import pytest

from core.documents import BACKEND
from core.required import REQUIRED

NAMES = {name for names in REQUIRED for name in names}


def manage(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in NAMES}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command,
        cwd=BACKEND,
        env={**environment, "DEBUG": "false", **settings},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", ["check", "migrate", "register_webhooks"])
def test_without_settings_a_command_names_all_that_are_missing_and_shows_no_traceback(command: str):
    run = manage(command)
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    assert all(names[0] in run.stderr for names in REQUIRED)


def test_the_check_names_the_others_when_django_can_start():
    run = manage("check", "--deploy", SECRET_KEY="s" * 64, DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    assert all(names[0] in run.stderr for names in REQUIRED[2:])
    assert "DATABASE_URL" not in run.stderr


def test_one_of_two_names_is_enough():
    run = manage("check", "--deploy", SECRET_KEY="s" * 64, ENCRYPTION_KEY="k", PLUGGY_HMAC_SECRET="h" * 32)
    assert "missing: DATABASE_URL, INDEX_KEY, PLUGGY_CLIENT_ID, PLUGGY_CLIENT_SECRET." in run.stderr


def test_a_malformed_setting_is_named_without_a_traceback():
    run = manage("check", SECRET_KEY="s" * 64, DATABASE_URL="postgresql://nobody@127.0.0.1:1/none", DEBUG="perhaps")
    assert (run.returncode, "DEBUG" in run.stderr, "Traceback" in run.stderr) == (1, True, False)


def test_commands_speak_english_though_the_pages_speak_portuguese():
    shown = (
        "from django.contrib.auth import get_user_model as user; print(user()._meta.get_field('password').verbose_name)"
    )
    arguments = ["shell", "--no-imports", "-c", shown]
    run = manage(*arguments, SECRET_KEY="s" * 64, DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert run.stdout == "password\n"
