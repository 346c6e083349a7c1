import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import install

ROOT = Path(__file__).resolve().parents[1]
REST = b" + celery==5.7.0\n"


def test_uv_uses_the_indexes_that_pip_is_configured_with():
    listed = (
        "global.extra-index-url='https://a.example.com/index https://b.example.com/index'\n"
        "install.index-url='https://c.example.com/index'\n"
        "global.index-url='https://d.example.com/index'\n"
        "global.find-links='/one\\n/two'\n"
        "global.no-color='true'\n"
    )
    assert install.uv_environment(listed, {"HOME": "/"}) == {
        "HOME": "/",
        "UV_DEFAULT_INDEX": "https://c.example.com/index",
        "UV_INDEX": "https://a.example.com/index https://b.example.com/index",
        "UV_FIND_LINKS": "/one,/two",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_SYSTEM_CERTS": "true",
    }


def test_pips_environment_wins_over_its_files_and_uvs_environment_over_both():
    listed = ":env:.index-url='https://e.example.com'\nglobal.index-url='https://g.example.com'\n:env:.cert='/a.pem'\n"
    found = install.uv_environment(listed, {"SSL_CERT_FILE": "/mine.pem"})
    assert (found["UV_DEFAULT_INDEX"], found["SSL_CERT_FILE"]) == ("https://e.example.com", "/mine.pem")


@pytest.mark.parametrize("size", [1, 2, 7, 64])
@pytest.mark.parametrize(
    ("shown", "hidden"),
    [
        (b"Prepared 2\n\x1b[2mInstalled \x1b[1m2 packages\x1b[0m \x1b[2min 3ms\x1b[0m\n", REST),
        (b"Resolving\n", b"\x1b[1m\x1b[31merror\x1b[39m\x1b[0m: Request failed\n"),
        (b"Resolving\n", b"error: Request failed\n"),
        (b"all of it\n", b""),
    ],
)
def test_uvs_list_of_packages_and_its_errors_are_not_shown(shown: bytes, hidden: bytes, size: int):
    whole = shown + hidden
    pieces = iter([whole[begin : begin + size] for begin in range(0, len(whole), size)])
    printed = b"".join(install.until(install.LAST_SHOWN, pieces))
    # A piece that was printed before the match was complete cannot be taken back: at most the mark itself.
    assert printed.startswith(shown)
    assert b"Request" not in printed
    assert REST not in printed


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """A folder with a space that has what the installation reads."""
    folder = tmp_path / "a checkout"
    (folder / "scripts").mkdir(parents=True)
    (folder / ".local").mkdir()
    shutil.copy(ROOT / "scripts" / "install.py", folder / "scripts")
    for lock in ROOT.glob("requirements*.txt"):
        shutil.copy(lock, folder)
    return folder


def test_without_a_network_the_message_asks_for_it(checkout: Path):
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:1/", "PIP_RETRIES": "1", "PIP_CONFIG_FILE": os.devnull}
    nowhere |= {"PIP_NO_CACHE_DIR": "1", "PONTE_CALLER": "demo"}
    run = subprocess.run(
        [sys.executable, checkout / "scripts" / "install.py", "demo"],
        env={**os.environ, **nowhere}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert run.returncode == 1
    last = run.stderr.splitlines()[-1]
    assert re.fullmatch(
        r"demo: the package index does not answer: is there a network\? \(all of it: .*install\.log\)", last
    )
    assert "No matching distribution" not in run.stderr
