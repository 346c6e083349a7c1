"""The commands, as their users call them."""

import json
import subprocess
import sys
import time
from urllib.request import Request, urlopen

import pytest

from plugfn.cli.conftest import TOKEN
from plugfn.cli.output import revocation

SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # the emulator verifies deliveries with it


def connect(run, receiver) -> str:
    url = f"{receiver.url}/hooks"
    made = run(
        "connect", "http", "--user", "ana", "--credentials", json.dumps({"url": url, "secret": SIGNING}), "--json"
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return json.loads(made.stdout)["connection"]["id"]


def test_providers_are_listed_for_people_and_for_programs(run):
    result = run("providers")
    assert result.returncode == 0
    assert "issues.create" in result.stdout
    listed = json.loads(run("providers", "--json").stdout)
    assert {"github", "slack", "http"} <= {provider["name"] for provider in listed}
    one = run("providers", "github")
    assert "repos.get" in one.stdout
    assert "issues.opened" in one.stdout


def test_an_unknown_provider_gets_a_suggestion_and_a_status(run):
    result = run("providers", "gihtub")
    assert result.returncode == 64
    assert "did you mean 'github'" in result.stderr
    assert json.loads(run("providers", "gihtub", "--json").stdout)["error"]["next"] == "fix_call"


@pytest.mark.parametrize("command", [("connect", "github"), ("call", "github.repos.get")])
def test_a_command_whose_provider_has_no_settings_names_the_missing_settings(run, command):
    result = run(*command, "--user", "ana")
    assert result.returncode == 78
    assert "integrations['github']: client_id" in result.stderr


def test_a_command_with_an_unknown_provider_lists_the_providers(run):
    result = run("connect", "nothing-like-it", "--user", "ana")
    assert result.returncode == 64
    assert "use one of database_postgres" in result.stderr


def test_a_file_that_cannot_be_written_is_reported_with_its_reason(run, folder):
    missing = folder / "missing" / "types.py"
    result = run("types", "--output", str(missing))
    assert (result.returncode, "Traceback" in result.stderr) == (78, False)
    assert "No such file or directory" in result.stderr
    (folder / "file").touch()
    result = run("new-provider", "weather", "--folder", str(folder / "file"))
    assert (result.returncode, "Traceback" in result.stderr) == (78, False)


@pytest.mark.parametrize(
    ("outcome", "advice"),
    [
        ("revoked", "The vendor revoked the access."),
        ("unsupported", "change the password"),
        ("http_500", "did not revoke the access (http_500): revoke it at the vendor"),
    ],
)
def test_a_disconnection_says_what_the_user_must_still_do(outcome, advice):
    assert advice in revocation(outcome)


def test_a_connection_is_made_listed_used_logged_and_removed(run, emulator):
    receiver = emulator("receiver")
    connection = connect(run, receiver)
    assert connection in run("connections", "--user", "ana").stdout
    assert json.loads(run("connections", "--user", "bruno", "--json").stdout) == {"connections": []}
    sent = run("call", "http.webhooks.send", "--user", "ana", "-p", "-", given='{"type": "test", "data": {"a": 1}}')
    assert sent.returncode == 0, sent.stderr
    assert len(receiver.requests("/hooks")) == 1
    wrong = run("call", "http.webhooks.send", "--user", "ana", "--params", "-", given='{"nothing": 1}')
    assert wrong.returncode == 64
    assert "nothing" in wrong.stderr
    assert "webhooks.send" in run("logs", "--user", "ana").stdout
    gone = run("disconnect", connection, "--user", "bruno")
    assert gone.returncode == 64
    ended = run("disconnect", connection, "--user", "ana")
    assert ended.returncode == 0
    assert "change the password" in ended.stdout


def test_a_settings_file_is_written_once_with_a_key_for_it(run, folder):
    (folder / "plugfn.toml").unlink()
    missing = run("connections", "--user", "ana")
    assert missing.returncode == 78
    assert "plugfn init" in missing.stderr
    made = run("init")
    assert made.returncode == 0
    assert "export PLUGFN_ENCRYPTION_KEY=" in made.stdout
    assert run("connections", "--user", "ana").stdout.strip() == "No connections yet. Add one: plugfn connect …"
    again = run("init")
    assert again.returncode == 78
    assert "File exists" in again.stderr


def test_wrong_settings_are_named_without_their_values(run, folder):
    (folder / "plugfn.toml").write_text('encryption_key = "a-secret-that-is-no-key"\n')
    result = run("connections", "--user", "ana")
    assert result.returncode == 78
    assert "encryption_key" in result.stderr
    assert "a-secret-that-is-no-key" not in result.stderr
    (folder / "plugfn.toml").write_text('encrpytion_key = "x"\n')
    assert "did you mean 'encryption_key'" in run("connections", "--user", "ana").stderr


def test_serve_does_not_start_without_authentication(run):
    for arguments in ((), ("--user", "ana", "--host", "0.0.0.0"), ("--token-env", "NOT_SET_ANYWHERE")):
        assert run("serve", *arguments).returncode == 78


def test_the_server_requires_the_token_and_the_users_id(folder, environment):
    command = [sys.executable, "-c", "from plugfn.cli import main; main()", "serve", "--token-env", "PLUGFN_TOKEN"]
    port = _free_port()
    with subprocess.Popen(
        [*command, "--port", str(port)], cwd=folder, env=environment, stderr=subprocess.PIPE
    ) as server:
        try:
            url = f"http://127.0.0.1:{port}/integrations/connections"
            asked = Request(url, headers={"Authorization": f"Bearer {TOKEN}", "X-PlugFn-User": "ana"})
            assert json.loads(_when_ready(asked)) == {"connections": []}
            assert _status(Request(url, headers={"X-PlugFn-User": "ana"})) == 401
            assert _status(Request(url, headers={"Authorization": f"Bearer {TOKEN}"})) == 401
        finally:
            server.terminate()
            server.communicate(timeout=20)


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


def _when_ready(request: Request) -> bytes:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urlopen(request, timeout=5) as answer:
                return answer.read()
        except OSError as error:
            if getattr(error, "code", None):
                raise
            time.sleep(0.1)
    raise AssertionError("it did not start")


def _status(request: Request) -> int:
    try:
        with urlopen(request, timeout=5) as answer:
            return answer.status
    except OSError as error:
        return error.code


def test_commands_that_serve_nothing_do_not_wait_for_the_web_server(environment):
    code = "import sys, plugfn.cli.app; print(*{'fastapi', 'starlette', 'uvicorn'} & sys.modules.keys())"
    asked = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == ""
