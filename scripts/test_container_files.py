"""compose.yaml, the Dockerfile and the Procfile agree. scripts/container starts them for real."""

import base64
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from honcho.environ import parse_procfile

ROOT = Path(__file__).resolve().parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PROCFILE = parse_procfile((ROOT / "Procfile").read_text()).processes
ENTRY = ROOT / "ops" / "container" / "ponte"
NEW_SETTINGS = ROOT / "ops" / "container" / "new-settings"
# Services by the name of their process. The unit of systemd that runs the migrations has the service's name.
PROCESSES = {"web": "web", "worker": "worker", "beat": "beat", "release": "migrate"}

every_service = pytest.mark.parametrize("name", SERVICES)


def test_each_process_of_the_procfile_is_one_service():
    assert set(PROCESSES) == set(PROCFILE)
    assert {name: SERVICES[service]["command"] for name, service in PROCESSES.items()} == {
        name: [name] for name in PROCFILE
    }


@pytest.mark.parametrize("name", PROCFILE)
def test_the_entry_point_runs_the_procfiles_command(name: str, tmp_path: Path):
    """Programs that print their arguments stand in for gunicorn, Celery and Python."""
    command = PROCFILE[name]
    program = tmp_path / command.split()[0]
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$0" "$@"\n')
    program.chmod(0o700)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PORT": "8000", "WORKER_CONCURRENCY": "7"}
    expected = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    run = subprocess.run([ENTRY, name], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert run.stdout == expected.stdout
    assert run.stdout.splitlines()[0] == str(program)
    assert "$" not in run.stdout


def test_the_entry_point_runs_any_other_command_as_it_stands():
    run = subprocess.run([ENTRY, "echo", "a  b", "$HOME"], capture_output=True, text=True, check=True)
    assert run.stdout == "a  b $HOME\n"


def test_the_image_has_what_the_entry_point_and_the_health_checks_read():
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    needed = {"requirements.txt", "backend", "ops/container", "Procfile"}
    assert set(copied) == needed
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert needed < kept
    checks = [SERVICES[name]["healthcheck"]["test"][-1] for name in ("web", "worker")]
    assert all((ROOT / path).is_file() and path.startswith("ops/container/") for path in checks)


def test_no_secret_and_nothing_of_the_checkouts_own_gets_into_an_image():
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert lines[0] == "*"
    assert not any(re.search(r"\.env|\.local|\.venv|\.git", line) for line in lines if line.startswith("!"))


def test_the_dockerfile_ends_without_root_and_lets_pip_build_nothing():
    text = (ROOT / "Dockerfile").read_text()
    assert re.findall(r"^USER (\d+)", text, re.MULTILINE)[-1] != "0"
    assert "--only-binary :all:" in text
    assert "--require-hashes" in text
    assert len(re.findall(r"^FROM \$\{BASE\}", text, re.MULTILINE)) == 2


def test_the_dockerfile_and_compose_begin_with_the_same_base():
    (base,) = re.findall(r"^ARG BASE=(\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert COMPOSE["x-ponte"]["build"]["args"]["BASE"] == f"${{PONTE_BASE:-{base}}}"


def test_the_image_has_the_python_that_the_checkout_names():
    version = (ROOT / ".python-version").read_text().strip()
    assert f"/python:{version}-slim" in (ROOT / "Dockerfile").read_text()


@every_service
def test_a_service_has_no_privileges_and_writes_only_to_memory_and_its_volume(name: str):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert "cap_add" not in service
    # Ponte's image sets its user itself.
    assert service.get("user", "999:999") == "999:999"
    assert ("user" in service) == ("build" not in service)


@every_service
def test_a_service_starts_again_unless_it_runs_once(name: str):
    assert SERVICES[name].get("restart") == (None if name in {"migrate", "roles"} else "unless-stopped")


def test_only_the_migrations_get_the_owners_role_and_only_the_database_its_passwords():
    files = {name: re.findall(r"(\w+)\.env", str(service.get("env_file"))) for name, service in SERVICES.items()}
    assert files == {
        **{name: ["ponte"] for name in ("web", "worker", "beat")},
        "migrate": ["ponte", "owner"],
        **{name: ["database"] for name in ("roles", "database")},
        "valkey": [],
    }


def test_only_the_web_server_has_a_port_and_only_for_this_machine():
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert ports == {"web": ["127.0.0.1:${PONTE_PORT:-8000}:8000"]}
    assert COMPOSE["networks"]["stores"] == {"internal": True}
    assert all(SERVICES[name]["networks"] == ["stores"] for name in ("migrate", "roles", "database", "valkey"))


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_a_process_gets_as_long_to_end_as_its_unit_of_systemd(name: str):
    unit = (ROOT / "ops" / "systemd" / f"ponte-{name}.service").read_text()
    (seconds,) = re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)
    assert SERVICES[name]["stop_grace_period"] == f"{seconds}s"


def test_new_settings_are_complete_secret_and_never_replaced(tmp_path: Path):
    folder = tmp_path / "env"
    subprocess.run([NEW_SETTINGS, "ponte.example.com", folder], check=True, capture_output=True)
    files = {path.name: settings_in(path) for path in folder.iterdir()}
    assert set(files) == {"ponte.env", "owner.env", "database.env"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    ponte, owner, database = files["ponte.env"], files["owner.env"], files["database.env"]
    assert len(base64.b64decode(ponte["ENCRYPTION_KEYS"])) == 32
    assert database["PONTE_APP_PASSWORD"] in ponte["DATABASE_URL"]
    assert database["PONTE_OWNER_PASSWORD"] in owner["DATABASE_OWNER_URL"]
    assert "DATABASE_OWNER_URL" not in ponte
    to_fill_in = {"EMAIL_HOST", "EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD", "PLUGGY_CLIENT_ID", "PLUGGY_CLIENT_SECRET"}
    assert {name for name, value in ponte.items() if not value} == to_fill_in
    before = {path.name: path.read_text() for path in folder.iterdir()}
    again = subprocess.run([NEW_SETTINGS, "ponte.example.com", folder], check=False, capture_output=True, text=True)
    assert again.returncode == 1
    assert "exists already" in again.stderr
    assert {path.name: path.read_text() for path in folder.iterdir()} == before


def test_new_settings_have_every_setting_that_is_needed_everywhere(tmp_path: Path):
    subprocess.run([NEW_SETTINGS, "ponte.example.com", tmp_path], check=True, capture_output=True)
    needed, _, _ = (ROOT / ".env.example").read_text().partition("# --- Optional")
    names = set(re.findall(r"^([A-Z_]+)=", needed, re.MULTILINE))
    assert names - set(settings_in(tmp_path / "ponte.env")) == {"DATABASE_OWNER_URL"}


@pytest.mark.parametrize("host", ["", "https://ponte.example.com", "ponte.example.com/x", "a b", "Ü.example.com"])
def test_new_settings_want_a_host_name(host: str, tmp_path: Path):
    run = subprocess.run([NEW_SETTINGS, host, tmp_path / "env"], check=False, capture_output=True, text=True)
    assert run.returncode == 1
    assert "host name" in run.stderr
    assert not (tmp_path / "env").exists()


def test_a_machine_without_a_container_engine_skips_the_trial_and_says_why(tmp_path: Path):
    command = [sys.executable, ROOT / "scripts" / "container_trial.py"]
    environment = {**os.environ, "PATH": str(tmp_path), "PYTHONPATH": str(ROOT / "backend")}
    run = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert run.returncode == 0
    assert "skipped: this machine has no podman and no docker-compose" in run.stdout


def settings_in(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.partition("=")[::2] for line in lines)
