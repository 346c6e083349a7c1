import shlex
import smtplib
import subprocess
import sys
from pathlib import Path

import pytest
import requests

import make_env
from embedded.ports import free_port
from ponte_demo import commands, emulators, environment
from ponte_demo.conftest import ROOT, wait_for
from ponte_demo.percentile import percentile

PORTS = environment.Ports(web=8000, sandbox=9000)
SERVERS = {"DATABASE_URL": "postgresql://a", "DATABASE_OWNER_URL": "postgresql://b", "REDIS_URL": "redis://c"}


def test_secrets_are_written_once_and_for_their_owner_only(tmp_path: Path):
    file = tmp_path / "env"
    make_env.write(file)
    first = file.read_text()
    make_env.write(file)
    assert file.read_text() == first
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_the_users_own_settings_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "env").write_text("SECRET_KEY=generated\nENCRYPTION_KEYS=YWJj=\n")
    monkeypatch.setenv("SECRET_KEY", "mine")
    monkeypatch.delenv("ENCRYPTION_KEYS", raising=False)
    found = environment.build(SERVERS, tmp_path / "env", PORTS, real=False)
    assert found["SECRET_KEY"] == "mine"
    assert found["ENCRYPTION_KEYS"] == "YWJj="
    assert {name: found[name] for name in SERVERS} == SERVERS


def test_a_real_account_is_only_used_when_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "env").write_text("PLUGGY_CLIENT_ID=sandbox\n")
    monkeypatch.setenv("PLUGGY_CLIENT_ID", "mine")
    monkeypatch.delenv("PLUGGY_API_URL", raising=False)
    demo = environment.build(SERVERS, tmp_path / "env", PORTS, real=False)
    real = environment.build(SERVERS, tmp_path / "env", PORTS, real=True)
    assert (demo["PLUGGY_CLIENT_ID"], demo["PLUGGY_API_URL"]) == ("sandbox", "http://127.0.0.1:9000")
    assert real["PLUGGY_CLIENT_ID"] == "mine"
    assert "PLUGGY_API_URL" not in real


def test_a_demo_never_calls_the_users_public_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "env").write_text("PLUGGY_CLIENT_ID=sandbox\n")
    monkeypatch.setenv("PUBLIC_URL", "https://ponte.example.com")
    demo = environment.build(SERVERS, tmp_path / "env", PORTS, real=False)
    real = environment.build(SERVERS, tmp_path / "env", PORTS, real=True)
    assert (demo["PUBLIC_URL"], real["PUBLIC_URL"]) == ("http://127.0.0.1:8000", "https://ponte.example.com")


def test_debug_is_off_with_a_real_account_or_a_public_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "env").write_text("PLUGGY_CLIENT_ID=sandbox\n")
    monkeypatch.delenv("PUBLIC_URL", raising=False)
    monkeypatch.setenv("DEBUG", "true")
    assert environment.build(SERVERS, tmp_path / "env", PORTS, real=False)["DEBUG"] == "true"
    assert environment.build(SERVERS, tmp_path / "env", PORTS, real=True)["DEBUG"] == "false"
    monkeypatch.setenv("PUBLIC_URL", "https://tunnel.example.com")
    for real in (False, True):
        found = environment.build(SERVERS, tmp_path / "env", PORTS, real=real)
        assert (found["DEBUG"], found["SECURE_SSL_REDIRECT"]) == ("false", "false")


def test_the_demo_runs_the_procfile_on_this_machine_only():
    web = commands.from_procfile(ROOT, reload=False)["web"]
    assert web.startswith("exec gunicorn --chdir backend core.asgi:application --bind 127.0.0.1:$PORT")


def test_no_command_line_shows_a_secret_and_the_sandbox_still_knows_them():
    keys = {"PLUGGY_CLIENT_ID": "an-id", "PLUGGY_CLIENT_SECRET": "a-secret", "PLUGGY_HMAC_SECRET": "new-key,old-key"}
    ports = environment.Ports(web=8000, sandbox=free_port())
    line = commands.sandbox(ports).removeprefix("exec ")
    process = subprocess.Popen(shlex.split(line), env={**python_path(), **keys}, stdout=subprocess.PIPE, text=True)
    try:
        assert "listening" in process.stdout.readline()
        shown = Path(f"/proc/{process.pid}/cmdline").read_text()
        assert not [secret for secret in ("a-secret", "new-key", "old-key") if secret in shown]
        login = {"clientId": "an-id", "clientSecret": "a-secret"}
        assert requests.post(f"{ports.sandbox_url}/auth", json=login, timeout=10).status_code == 200
    finally:
        process.terminate()
        process.communicate(timeout=10)


def test_the_other_emulators_listen_where_the_settings_and_the_table_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "env").write_text("")
    monkeypatch.setenv("SENDGRID_API_URL", "https://api.sendgrid.com")
    chosen = {name: free_port() for name in emulators.USUAL_PORTS}
    ports = environment.Ports(web=8000, sandbox=9000, emulators=chosen)
    found = environment.build(SERVERS, tmp_path / "env", ports, real=False)
    line = commands.other_emulators(ports).removeprefix("exec ")
    process = subprocess.Popen(shlex.split(line), env=python_path(), stdout=subprocess.PIPE, text=True)
    try:
        said = [process.stdout.readline().strip() for _ in range(len(chosen) - 1)]
        urls = {text.partition(" ")[0]: text.rpartition(" ")[2] for text in said}
        for name in ("GITHUB_URL", "SLACK_URL", "SENDGRID_API_URL", "UAZAPI_API_URL"):
            assert found[name] == urls[name.partition("_")[0].lower()]
        with smtplib.SMTP(found["SMTP_HOST"], int(found["SMTP_PORT"]), timeout=10) as client:
            client.login(*emulators.to_connect(chosen)["SMTP"].split()[-2:])
        assert urls["supabase"] in emulators.to_connect(chosen)["Supabase"]
        assert urls["smtp"] in emulators.to_look_at(chosen)["mail"]
    finally:
        process.terminate()
        process.communicate(timeout=10)


def test_the_users_own_account_gets_no_emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "env").write_text("")
    monkeypatch.setenv("PLUGGY_CLIENT_ID", "mine")
    found = environment.build(SERVERS, tmp_path / "env", PORTS, real=True)
    assert not [name for name in emulators.settings(PORTS.emulators) if name in found]


def test_changed_code_restarts_a_command(tmp_path: Path):
    log = tmp_path / "log"
    (tmp_path / "code.py").write_text("1")
    program = (
        "import sys, pathlib\nfrom ponte_demo import reload\n"
        f"reload.run(['sh', '-c', 'echo $$ >> {log}; exec sleep 60'], pathlib.Path(sys.argv[1]))"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], env=python_path())
    try:
        wait_for(lambda: log.exists() and log.read_text().count("\n") == 1)
        (tmp_path / "code.py").write_text("2")
        wait_for(lambda: log.read_text().count("\n") == 2)
    finally:
        process.terminate()
        process.wait(10)
    assert not any(Path(f"/proc/{pid}").exists() for pid in log.read_text().split())


def python_path() -> dict[str, str]:
    return {"PYTHONPATH": f"{ROOT / 'scripts'}:{ROOT / 'backend'}", "PATH": "/usr/bin:/bin"}


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([], 0.5, None), ([1.0], 0.99, 1.0), ([1.0, 2.0], 0.5, 1.0), ([float(n) for n in range(1, 101)], 0.99, 99.0)],
)
def test_a_percentile_is_a_value_that_was_measured(values: list[float], share: float, expected: float | None):
    assert percentile(values, share) == expected
