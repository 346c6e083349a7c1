"""systemd and Railway run the Procfile's commands."""

import json
import re
import shlex
from pathlib import Path

import pytest
from honcho.environ import parse_procfile

ROOT = Path(__file__).resolve().parents[1]
PROCFILE = parse_procfile((ROOT / "Procfile").read_text()).processes
UNITS = {"web": "web", "worker": "worker", "beat": "beat", "release": "migrate"}
LOCKS = ["requirements.txt", "requirements-demo.txt", "requirements-dev.txt"]  # each builds on the one before
RAILWAY = {"web": "railway.json", "worker": "ops/railway/worker.json", "beat": "ops/railway/beat.json"}


def words(command: str) -> list[str]:
    """The words of a command, without its folder, its address, and the defaults of its variables."""
    plain = re.sub(r"\$\{(\w+):-\w+\}", r"${\1}", command).replace("/opt/ponte/.venv/bin/", "")
    return [re.sub(r"^(0\.0\.0\.0|127\.0\.0\.1):.*", "ADDRESS", word) for word in shlex.split(plain)]


@pytest.mark.parametrize(("name", "unit"), UNITS.items())
def test_a_systemd_unit_runs_the_procfiles_command(name: str, unit: str):
    lines = (ROOT / "ops" / "systemd" / f"ponte-{unit}.service").read_text().splitlines()
    (command,) = [line.removeprefix("ExecStart=") for line in lines if line.startswith("ExecStart=")]
    assert words(command) == words(PROCFILE[name])


@pytest.mark.parametrize(("name", "file"), RAILWAY.items())
def test_a_railway_service_runs_the_procfiles_command(name: str, file: str):
    deploy = json.loads((ROOT / file).read_text())["deploy"]
    assert deploy["startCommand"] == PROCFILE[name]
    # Railway takes numbers only, and fails the deployment otherwise.
    assert isinstance(deploy["drainingSeconds"], int)


def test_railway_migrates_before_it_deploys_the_web_service_and_only_there():
    before = {name: json.loads((ROOT / file).read_text())["deploy"] for name, file in RAILWAY.items()}
    commands = {name: deploy.get("preDeployCommand") for name, deploy in before.items()}
    assert commands == {"web": [PROCFILE["release"]], "worker": None, "beat": None}


@pytest.mark.parametrize("file", [*LOCKS, "requirements-uv.txt"])
def test_a_lock_has_exact_versions_with_hashes_and_names_no_index(file: str):
    text = (ROOT / file).read_text().replace("\\\n", " ")
    assert "://" not in text
    for line in (line for line in text.splitlines() if line and not line.startswith(("#", "-r "))):
        assert re.fullmatch(r"[a-z0-9.-]+==[\w.]+( ; [^#]+?)?(\s+--hash=sha256:[0-9a-f]{64})+", line)


def test_each_lock_builds_on_the_one_below():
    found = {file: re.findall(r"^-r (.+)$", (ROOT / file).read_text(), re.MULTILINE) for file in LOCKS}
    assert found == dict(zip(LOCKS, ([], LOCKS[:1], LOCKS[1:2]), strict=True))
    names = [
        name for file in LOCKS for name in re.findall(r"^([a-z0-9.-]+)==", (ROOT / file).read_text(), re.MULTILINE)
    ]
    assert len(names) == len(set(names))
