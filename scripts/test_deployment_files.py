"""systemd and Railway run the Procfile's commands."""

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from honcho.environ import parse as parse_env
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


def test_a_shell_and_systemd_read_the_same_from_the_example_file(tmp_path: Path):
    """Each optional line is switched on, each `PASSWORD` stays, and `&` and spaces are part of the values."""
    file = tmp_path / "a file with spaces"
    file.write_text(re.sub(r"^#(?=[A-Z_]+=)", "", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))
    lines = re.findall(r"^([A-Z_]+)=(.*)$", file.read_text(), re.MULTILINE)
    shell = subprocess.run(
        ["bash", "-euc", 'set -a; . "$1"; env -0', "bash", file], env={}, capture_output=True, text=True, check=True
    )
    assert shell.stderr == ""
    found = dict(line.split("=", 1) for line in shell.stdout.split("\0") if line)
    assert {name: found[name] for name, _ in lines} == {name: value.strip('"') for name, value in lines}
    assert found["DATABASE_URL"].endswith("?sslmode=verify-full&sslrootcert=/etc/ssl/certs/ca-certificates.crt")
    # honcho reads it too, but leaves out empty values.
    assert dict(parse_env(file.read_text())) == {name: found[name] for name, _ in lines if found[name]}


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
