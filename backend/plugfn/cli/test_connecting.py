"""Connecting over OAuth from a terminal, against an emulator, and the ways it can fail."""

import json
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from plugfn.cli.serving import Doorkeeper
from plugfn.cli.test_cli import _free_port

# Seconds. A process of the command line needs one second of a processor to begin, and a busy machine has many.
PATIENCE = 60
COMMAND = [sys.executable, "-c", "from plugfn.cli import main; main()"]


class Terminal:
    """A running `plugfn connect github --json`."""

    def __init__(self, folder, environment, *arguments):
        command = [*COMMAND, "connect", "github", "--user", "ana", "--no-browser", "--json", *arguments]
        self.process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.watch = threading.Timer(PATIENCE, self.process.kill)
        self.watch.start()

    def page(self) -> str:
        for line in self.process.stderr:
            if line.startswith("http"):
                return line.strip()
        raise AssertionError("it shows no page")

    def end(self) -> tuple[int, dict, str]:
        out, err = self.process.communicate(timeout=PATIENCE)
        self.watch.cancel()
        return self.process.returncode, json.loads(out) if out else {}, err


@pytest.fixture
def terminal(folder, environment, emulator):
    github, port = emulator("github"), _free_port()
    config = f"""
encryption_key = {{ env = "PLUGFN_ENCRYPTION_KEY" }}
database = "sqlite:///plugfn.db"
base_url = "http://127.0.0.1:{port}"
allowed_networks = ["127.0.0.0/8"]

[integrations.github]
client_id = "Iv1.sandbox0000000001"
client_secret = "github_sandbox_only"
authorize_url = "{github.url}/login/oauth/authorize"
token_url = "{github.url}/login/oauth/access_token"
api_url = "{github.url}"
"""
    (folder / "plugfn.toml").write_text(config)
    begun = []

    def begin(*arguments):
        begun.append(Terminal(folder, environment, *arguments))
        return begun[-1]

    begin.github, begin.port = github, port
    yield begin
    for one in begun:
        one.watch.cancel()
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate()


def press(github, page: str, button: str) -> str:
    """Press a button of the vendor's page as ana, and return the last page."""
    with urlopen(page, timeout=10) as answer:
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', answer.read().decode()))
    form = urlencode(fields | {"login": "ana", "authorize": button}).encode()
    try:
        with urlopen(Request(f"{github.url}/login/oauth/authorize", data=form), timeout=10) as answer:
            return answer.read().decode()
    except HTTPError as error:
        return error.read().decode()


def test_a_user_connects_from_a_terminal(terminal, folder, run):
    begun = terminal("--label", "Work")
    assert "Connected." in press(terminal.github, begun.page(), "1")
    status, printed, err = begun.end()
    assert status == 0, err
    assert (printed["connection"]["provider"], printed["connection"]["label"]) == ("github", "Work")
    listed = json.loads(run("connections", "--user", "ana", "--json").stdout)["connections"]
    assert [one["id"] for one in listed] == [printed["connection"]["id"]]
    assert not (folder / "plugfn.db").stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)


def test_a_refusal_is_reported_at_once(terminal):
    begun = terminal()
    press(terminal.github, begun.page(), "0")
    status, printed, _ = begun.end()
    assert (status, printed["error"]["code"], printed["error"]["next"]) == (77, "access_denied", "reconnect")


def test_a_made_up_callback_is_refused_and_changes_nothing(terminal):
    begun = terminal()
    page = begun.page()
    for path in ("/oauth/github/callback?state=made-up&code=x", "/connections", "/providers"):
        with pytest.raises(HTTPError) as caught:
            urlopen(f"http://127.0.0.1:{terminal.port}{path}", timeout=10)
        assert caught.value.code in (400, 404)
    press(terminal.github, page, "1")
    assert begun.end()[0] == 0


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_the_waiting_without_a_traceback(terminal):
    begun = terminal()
    begun.page()
    begun.process.send_signal(signal.SIGINT)
    status, _, err = begun.end()
    assert status == 130
    assert "Traceback" not in err


def test_the_wait_for_the_user_ends(terminal):
    begun = terminal("--wait", "1")
    begun.page()
    status, printed, _ = begun.end()
    assert (status, printed["error"]["code"]) == (64, "nobody_came")


def test_a_port_in_use_is_named_in_the_error(terminal):
    with socket.create_server(("127.0.0.1", terminal.port)):
        status, printed, err = terminal().end()
    assert (status, printed["error"]["error"]) == (78, "ConfigurationError")
    assert str(terminal.port) in printed["error"]["message"]
    assert "Traceback" not in err


@pytest.mark.parametrize("arguments", [("call", "--json"), ("connections", "--json"), ("nothing", "--json")])
def test_a_wrong_command_line_prints_one_json_document(run, arguments):
    printed = run(*arguments)
    assert printed.returncode == 64
    assert json.loads(printed.stdout)["error"]["code"] == "usage"


def test_only_the_owner_can_read_the_settings_file(run, folder):
    (folder / "plugfn.toml").unlink()
    run("init")
    assert stat.S_IMODE((folder / "plugfn.toml").stat().st_mode) == 0o600


def test_a_pipe_that_closes_early_causes_no_traceback(folder, environment):
    for arguments in (("providers",), ("providers", "--json")):
        with subprocess.Popen(
            [*COMMAND, *arguments], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            process.stdout.close()
            assert b"Traceback" not in process.stderr.read()


@pytest.mark.parametrize(("host", "user"), [("127.0.0.1", "ana"), ("localhost", "ana"), ("evil.example", None)])
def test_a_single_users_server_accepts_only_this_machines_names(host, user):
    class Url:
        hostname = host

    class Asked:
        url = Url()
        headers: dict[str, str] = {}

    assert Doorkeeper(user="ana").user_of(Asked()) == user
