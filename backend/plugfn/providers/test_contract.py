"""Every built-in provider keeps the contract, and adding a provider changes one line."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from plugfn.generate.provider import make_provider
from plugfn.providers import BUILT_IN, load
from plugfn.testing.provider_contract import problems

HERE = Path(__file__).parent
PACKAGE = HERE.parent

ASK = """
from pathlib import Path
import plugfn
from plugfn.cli.writing import built_in_types
from plugfn.providers import acme_mail_provider
from plugfn.testing.provider_contract import problems
print(problems(acme_mail_provider, Path(plugfn.__file__).parent / "providers" / "acme_mail"))
print("acme_mail: AcmeMailAttributes" in built_in_types())
"""


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_provider_keeps_the_contract(name):
    assert problems(load(name), HERE / name) == []


def test_every_folder_is_a_built_in_provider():
    assert {path.parent.name for path in HERE.glob("*/definition.py")} == set(BUILT_IN)


def test_adding_a_provider_changes_one_line(tmp_path):
    copy = tmp_path / "plugfn"
    shutil.copytree(
        PACKAGE, copy, ignore=shutil.ignore_patterns("test_*", "conftest.py", "__pycache__", "docs", "examples")
    )
    make_provider("acme_mail", copy / "providers", "Acme Mail", "plugfn.providers.acme_mail")
    registry = copy / "providers" / "__init__.py"
    before = registry.read_text(encoding="utf-8")
    registry.write_text(before.replace("BUILT_IN = {\n", 'BUILT_IN = {\n    "acme_mail": "",\n'), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "[]\nTrue\n", done.stderr
    changed = set(registry.read_text(encoding="utf-8").splitlines()) - set(before.splitlines())
    assert changed == {'    "acme_mail": "",'}
