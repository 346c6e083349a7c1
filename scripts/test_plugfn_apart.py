"""PlugFn is a project within this one. Its tests have the same rules and libraries in both."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OURS = tomllib.loads((ROOT / "pyproject.toml").read_text())
ITS = tomllib.loads((ROOT / "backend" / "plugfn" / "pyproject.toml").read_text())


def names(lines: list[str]) -> set[str]:
    """The distributions in the requirements, without PlugFn itself."""
    return {re.match(r"[\w.-]+", line)[0].lower().replace("_", "-") for line in lines} - {"plugfn"}


def test_plugfns_tests_have_the_same_rules_in_both_projects():
    here, there = (project["tool"]["pytest"]["ini_options"] for project in (OURS, ITS))
    for rule in ("addopts", "asyncio_mode", "asyncio_default_fixture_loop_scope", "filterwarnings"):
        assert here[rule] == there[rule]


def test_each_requirement_of_plugfn_is_installed_here_in_an_exact_version():
    extras = ITS["project"]["optional-dependencies"].values()
    needed = [*ITS["project"]["dependencies"], *(line for lines in extras for line in lines)]
    locked = "\n".join(file.read_text() for file in ROOT.glob("requirements*.txt"))
    exact = {line.partition("==")[0].partition("[")[0].lower().replace("_", "-") for line in locked.splitlines()}
    assert names(needed) - exact == {ITS["project"]["name"]}
