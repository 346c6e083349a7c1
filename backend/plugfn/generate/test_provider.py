"""Tests of the generator: a generated provider works unchanged."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from plugfn.errors import ConfigurationError
from plugfn.generate.provider import make_provider

BACKEND = Path(__file__).resolve().parents[2]


def test_a_generated_provider_passes_its_tests_and_the_contract(tmp_path):
    made = make_provider("acme_mail", tmp_path, "Acme Mail")
    assert {path.name for path in made} >= {"definition.py", "actions.py", "webhooks.py", "README.md", "icon.svg"}
    command = [sys.executable, "-m", "pytest", "-q", "-o", "asyncio_mode=auto", "-p", "no:cacheprovider", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": f"{BACKEND}{os.pathsep}{tmp_path}"}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "9 passed" in done.stdout


def test_a_generated_provider_passes_ruff_and_mypy(tmp_path):
    make_provider("acme", tmp_path)
    environment = {**os.environ, "MYPYPATH": f"{BACKEND}{os.pathsep}{tmp_path}"}
    strict = ["--strict", "--no-incremental", "--exclude", "test_", "--follow-imports", "silent"]
    command = [sys.executable, "-m", "mypy", *strict, "-p", "acme"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["", "Acme", "../acme", "acme-mail", "1acme", "acme_"])
def test_an_invalid_name_is_refused(tmp_path, name):
    with pytest.raises(ConfigurationError):
        make_provider(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_exists_is_left_alone(tmp_path):
    (tmp_path / "acme").mkdir()
    with pytest.raises(ConfigurationError):
        make_provider("acme", tmp_path)
    assert list((tmp_path / "acme").iterdir()) == []
