"""The official Node SDK (npm pluggy-sdk) works against the emulator, every method of it."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

VERSION = "0.90.0"
ROOT = Path(__file__).resolve().parents[3]
CACHE = ROOT / ".local" / "cache" / f"node-pluggy-sdk-{VERSION}"
SCRIPT = Path(__file__).with_name("node_sdk.js")
PEER = "npm pluggy-sdk"


@pytest.fixture(scope="session")
def installed() -> str:
    """Install the SDK once, into .local/cache. Returns why it cannot be used, or an empty text."""
    if not (shutil.which("node") and shutil.which("npm")):
        return "node or npm is not on this machine"
    if (CACHE / "node_modules" / "pluggy-sdk" / "package.json").exists():
        return ""
    CACHE.mkdir(parents=True, exist_ok=True)
    command = ["npm", "install", "--prefix", str(CACHE), "--no-audit", "--no-fund", "--no-save", "--ignore-scripts"]
    command += ["--fetch-retries=1", "--fetch-timeout=15000", f"pluggy-sdk@{VERSION}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=CACHE)
    except subprocess.TimeoutExpired:
        return "npm install took longer than two minutes"
    return "" if done.returncode == 0 else f"npm install ended with {done.returncode}"


def test_every_method_of_the_node_sdk_works_against_the_emulator(emulator, installed, peer_missing):
    if installed:
        peer_missing(PEER, installed)
    command = ["node", str(SCRIPT), str(CACHE), "5d1f9a52-3c77-4e0b-9a43-6b8e2f0c1d90", "pluggy_sk_sandbox_only"]
    environment = {**os.environ, "PLUGGY_API_URL": emulator.url}
    done = subprocess.run(
        [*command, "http://127.0.0.1:9/x"], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["missed"] == []
