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


def test_no_committed_requirement_names_an_index_or_leaves_a_version_open():
    for file in ("requirements.txt", "requirements-dev.txt"):
        lines = [line for line in (ROOT / file).read_text().splitlines() if line and not line.startswith("#")]
        wrong = [
            line for line in lines if line != "-r requirements.txt" and not re.fullmatch(r"[\w.\[\],-]+==[\w.]+", line)
        ]
        assert not wrong
