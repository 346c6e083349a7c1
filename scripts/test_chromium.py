"""Finding and installing Chromium, with programs of our own in the PATH."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import chromium

SCRIPT = Path(chromium.__file__)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A machine without any Chromium: `add("chromium")` puts a program into its PATH."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "cat", "chmod"):
        (programs / name).symlink_to(f"/bin/{name}")
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "playwright"))
    monkeypatch.delenv("PONTE_CHROMIUM", raising=False)
    monkeypatch.setattr(chromium, "LOG", tmp_path / "log" / "chromium.log")

    def add(name: str, body: str = "") -> Path:
        program = programs / name
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)
        return program

    return add


def test_a_named_browser_comes_before_playwrights_and_that_before_the_paths(machine, tmp_path, monkeypatch):
    assert chromium.find() is None
    ours = machine("google-chrome")
    assert chromium.find() == str(ours)
    own = tmp_path / "playwright" / "chromium-1234" / "chrome-linux64" / "chrome"
    own.parent.mkdir(parents=True)
    own.touch()
    assert chromium.find() == str(own)
    monkeypatch.setenv("PONTE_CHROMIUM", "/opt/mine")
    assert chromium.find() == "/opt/mine"


def test_without_one_the_error_names_one_command(machine):
    machine("apt-get")
    with pytest.raises(chromium.Missing, match=r"run `(sudo )?(apt-get install .* chromium|\S+ -m playwright .*)`$"):
        chromium.find_or_fail()


INSTALL = "install --yes --no-install-recommends"


@pytest.mark.parametrize(
    ("package", "asked"),
    [
        ("chromium-headless-shell", ["update", f"{INSTALL} chromium-headless-shell"]),
        ("chromium", ["update", f"{INSTALL} chromium-headless-shell", "update", f"{INSTALL} chromium"]),
    ],
)
def test_root_on_debian_gets_what_the_systems_packages_have(machine, tmp_path, monkeypatch, package, asked):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(chromium, "_system", lambda: "ID=debian\n")
    browser = tmp_path / "bin" / package
    install = f'echo "#!/bin/sh" > {browser}; chmod +x {browser}'
    answer = f'case "$*" in *" {package}") {install} ;; install*) exit 100 ;; esac'
    machine("apt-get", f'echo "$@" >> {tmp_path}/asked; {answer}')
    assert chromium.install() == str(browser)
    assert (tmp_path / "asked").read_text().splitlines() == asked


def test_the_browser_without_a_window_is_used_before_others(machine):
    machine("chromium")
    windowless = machine("chromium-headless-shell")
    assert chromium.find() == str(windowless)


def test_on_ubuntu_whose_package_is_empty_playwright_brings_it(machine, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(chromium, "_system", lambda: "NAME=Ubuntu\nID=ubuntu\n")
    machine("apt-get")
    assert chromium.command_for_people() == f"{sys.executable} -m playwright install --with-deps chromium"


def test_where_nothing_can_be_installed_the_script_says_so_and_the_tests_go_on(machine, tmp_path):
    machine("apt-get", "echo no network >&2; exit 1")
    # Playwright cannot be imported there, so that it downloads nothing.
    done = subprocess.run([sys.executable, "-S", SCRIPT], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0
    assert "chromium: not installed" in done.stderr
    assert "to install it: " in done.stderr


def test_a_browser_that_ends_at_once_is_an_error_and_not_a_wait(machine, tmp_path):
    program = machine("chromium", "exit 1")
    with pytest.raises(RuntimeError, match="did not start"), chromium.started(str(program), tmp_path):
        pass
