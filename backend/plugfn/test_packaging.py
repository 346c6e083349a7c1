"""The wheel contains only what is needed, works alone, and each extra installs its parts."""

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from plugfn.providers import BUILT_IN

PACKAGE = Path(__file__).parent
ROOT = PACKAGE.parents[1]
PROJECT = tomllib.loads((PACKAGE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = {name: lines for name, lines in PROJECT["optional-dependencies"].items() if name not in ("all", "test")}

PROMISES = {
    "sqlalchemy": 'from plugfn.storage.choose import store_of; store_of("sqlite:///plugfn.db")',
    "redis": 'from plugfn.cache.choose import shared_of; shared_of("redis://127.0.0.1:1/0")',
    "fastapi": "from plugfn.web.fastapi import plugfn_router",
    "flask": "from plugfn.web.flask import plugfn_blueprint",
    "cli": 'import sys; sys.argv = ["plugfn", "--help"]; from plugfn.cli import main; main()',
    "langchain": "from plugfn.tools.langchain import langchain_tools",
    "mcp": "from plugfn.tools.mcp import mcp_server",
    "whatsapp": "from plugfn.providers import whatsapp_uazapi_provider",
    "email": "from plugfn.providers import email_smtp_provider",
    "postgres": "from plugfn.providers import database_postgres_provider",
}
"""What each extra is for."""

TOGETHER = {"cli": {"cli", "fastapi"}}
"""What an extra installs besides its own libraries."""

CORE = """
from plugfn import Event, KeyRing, PlugFn, SyncPlugFn, new_key
from plugfn.providers import BUILT_IN, load
from plugfn import generate, rules, tools, workflows
from plugfn.calls import metrics
from plugfn.vault import rotation
from plugfn.web import core
from plugfn.inbound import Webhooks
plug = PlugFn(encryption_key=new_key(), integrations={"github": {"client_id": "x", "client_secret": "y"}})
for name in [name for name, extra in BUILT_IN.items() if not extra and name != "slack"]:
    plug.providers.register(load(name))
with SyncPlugFn(plug) as plain:
    plain.connections.create("ana", "http", {"url": "https://ana.example/hooks", "secret": "whsec_" + "a" * 32})
"""

WITHOUT = """
import json, sys
missing = set(json.loads(sys.argv[1]))

class Missing:
    # As if these were not installed.
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing)
exec(sys.argv[2])
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from this folder."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=PACKAGE, check=True, capture_output=True, timeout=120)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def unpacked(wheel, tmp_path_factory):
    """The folder of the unpacked wheel, as if installed."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def closure(lines):
    """The distributions that these requirements install, with their dependencies."""
    found, left = set(), [(Requirement(line), "") for line in lines]
    done = set()
    while left:
        wanted, extra = left.pop()
        if wanted.marker and not wanted.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(wanted.name)
        for one in ("", *wanted.extras):
            if (name, one) in done:
                continue
            done.add((name, one))
            if name == PROJECT["name"]:
                needed = EXTRAS.get(one, [])
            else:
                found.add(name)
                needed = metadata.requires(name) or []
            left += [(Requirement(line), one) for line in needed]
    return found


def others(lines):
    """The top-level modules that are installed here but that these requirements would not install."""
    brought = closure(lines)
    homes = metadata.packages_distributions()
    return [name for name, of in homes.items() if not brought & {canonicalize_name(one) for one in of}]


def run_with(unpacked, extra, program):
    """The output of a program that can import only the wheel, Python, and what pip would install."""
    missing = json.dumps(others(PROJECT["dependencies"] + (EXTRAS[extra] if extra else [])))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, "-c", WITHOUT, missing, program],
        cwd=unpacked,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_wheel_contains_only_the_needed_files(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    held = {name.removeprefix("plugfn/") for name in names if name.startswith("plugfn/")}
    assert {name.split("/")[0] for name in names} == {"plugfn", f"ponte_plugfn-{PROJECT['version']}.dist-info"}
    assert {"py.typed", "storage/sql/migrations/env.py", "generate/template/definition.py.txt"} <= held
    assert {str(path.relative_to(PACKAGE)) for path in (PACKAGE / "generate/template").rglob("*.txt")} <= held
    assert {f"storage/sql/migrations/versions/{path.name}" for path in _revisions()} <= held
    assert {f"providers/{name}/{file}" for name in BUILT_IN for file in ("README.md", "icon.svg")} <= held
    own = ("test_", "conftest.py", "docs/", "examples/", "mypy.ini", "pyproject.toml", "__pycache__")
    assert {name for name in held if name.startswith(own) or Path(name).name.startswith(own)} == {
        "generate/template/test_NAME.py.txt"
    }
    assert [name for name in held if name.startswith("providers/") and "/fixtures/" in name] == []


def _revisions():
    return list((PACKAGE / "storage/sql/migrations/versions").glob("*.py"))


def test_the_library_works_without_any_extra(unpacked):
    done = run_with(unpacked, "", CORE)
    assert done.returncode == 0, done.stderr


def test_every_extra_is_tested():
    assert set(PROMISES) == set(EXTRAS)


@pytest.mark.parametrize("extra", ["", *EXTRAS])
def test_an_extra_installs_its_parts_and_missing_parts_name_their_extra(unpacked, extra):
    program = "\n".join(
        [
            "from plugfn.errors import ConfigurationError",
            "import contextlib, io, json",
            "results = {}",
            f"for name, promise in {PROMISES!r}.items():",
            "    try:",
            "        with contextlib.redirect_stdout(io.StringIO()): exec(promise, {})",
            "        results[name] = 'ok'",
            "    except ConfigurationError as error: results[name] = str(error)",
            "    except SystemExit as error: results[name] = str(error.code) if error.code else 'ok'",
            "print(json.dumps(results))",
        ]
    )
    done = run_with(unpacked, extra, program)
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    missing = {name: said for name, said in results.items() if said != "ok"}
    assert set(results) - set(missing) == TOGETHER.get(extra, {extra} - {""})
    assert {name: said for name, said in missing.items() if f"pip install './backend/plugfn[{name}]'" not in said} == {}


def test_every_page_and_message_installs_plugfn_from_the_checkout():
    """`pip install plugfn` would bring a stranger's package with the same import name."""
    wrong = []
    for path in _texts():
        for line in path.read_text(encoding="utf-8").splitlines():
            command = line.partition("pip install ")[2]
            named = re.search(r"[\w./-]*plugfn(?:\[([\w,{}]+)\])?", command)
            if named and (not named[0].startswith("./backend/plugfn[") or not _exist(named[1])):
                wrong.append(f"{path.name}: {line.strip()}")
    assert wrong == []


def _texts():
    places = (PACKAGE.rglob("*"), (ROOT / "docs").rglob("*"), (ROOT / "scripts").iterdir(), ROOT.iterdir())
    kinds = ("", ".md", ".py", ".sh", ".toml", ".txt")
    paths = [path for place in places for path in place if path.is_file() and path.suffix in kinds]
    return [path for path in paths if path.name != Path(__file__).name and not path.name.startswith(".")]


def _exist(listed):
    return listed is not None and set(listed.split(",")) <= {*PROJECT["optional-dependencies"], "{extra}"}


def test_the_install_of_the_pages_works_and_has_a_name_of_its_own(tmp_path):
    install = [sys.executable, "-m", "pip", "install", "--no-index", "--no-deps"]
    here = ["--no-build-isolation", "--no-compile", "--target", str(tmp_path)]
    subprocess.run(
        [*install, *here, "./backend/plugfn[sqlalchemy,fastapi]"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    (installed,) = metadata.distributions(path=[str(tmp_path)])
    assert installed.name == "ponte-plugfn"
    assert set(installed.metadata.get_all("Provides-Extra")) == set(PROJECT["optional-dependencies"])
    assert (tmp_path / "plugfn" / "__init__.py").exists()
