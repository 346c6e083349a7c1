import os
import signal
import socket
from pathlib import Path

import pytest
import redis

from embedded import EmbeddedError, processes, valkey


def test_it_requires_its_password_and_no_command_line_shows_it(folder: Path):
    server = valkey.start(folder)
    with socket.create_connection(("127.0.0.1", server.port)) as stranger:
        stranger.sendall(b"PING\r\n")
        assert stranger.recv(100).startswith(b"-NOAUTH")
    (pid,) = processes.working_in(server.home)
    assert server.password not in Path(f"/proc/{pid}/cmdline").read_text()
    assert (server.home / "valkey.conf").stat().st_mode & 0o777 == 0o600
    assert server.password not in repr(server)


def test_it_never_evicts_and_keeps_nothing_on_disk(folder: Path):
    with redis.from_url(valkey.start(folder).url()) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("appendonly") == {"appendonly": "no"}
        assert client.config_get("save") == {"save": ""}
        assert client.config_get("bind") == {"bind": "127.0.0.1"}


def test_a_second_start_finds_the_running_server(folder: Path):
    first = valkey.start(folder)
    with redis.from_url(first.url()) as client:
        client.set("here", "1")
    with redis.from_url(valkey.start(folder).url()) as client:
        assert client.get("here") == b"1"


def test_a_killed_server_comes_back_on_the_same_address(folder: Path):
    server = valkey.start(folder)
    (pid,) = processes.working_in(server.home)
    os.kill(pid, signal.SIGKILL)
    assert valkey.start(folder).url() == server.url()


def test_a_hung_server_is_ended_and_started_anew(folder: Path):
    server = valkey.start(folder)
    (pid,) = processes.working_in(server.home)
    os.kill(pid, signal.SIGSTOP)
    again = valkey.start(folder)
    assert processes.working_in(again.home) != {pid}
    with redis.from_url(again.url()) as client:
        assert client.ping()


def test_a_port_that_another_program_took_is_not_used(folder: Path):
    server = valkey.start(folder)
    server.stop()
    with socket.create_server(("127.0.0.1", server.port)):
        again = valkey.start(folder)
    assert again.port != server.port
    assert again.password == server.password


def test_an_incomplete_configuration_is_written_again(folder: Path):
    (folder / "valkey").mkdir(parents=True)
    (folder / "valkey" / "valkey.conf").write_text("bind 127.0.0.1\nport 63")
    with redis.from_url(valkey.start(folder).url()) as client:
        assert client.ping()


def test_a_server_that_cannot_start_says_why(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(valkey, "SETTINGS", ("no-such-setting yes",))
    with pytest.raises(EmbeddedError, match="no-such-setting"):
        valkey.start(folder)


def test_stopping_leaves_no_process(folder: Path):
    server = valkey.start(folder)
    server.stop()
    assert processes.working_in(server.home) == set()
    assert valkey.find(folder) is None


def test_a_server_whose_configuration_is_lost_can_still_be_stopped(folder: Path):
    server = valkey.start(folder)
    (server.home / "valkey.conf").unlink()
    valkey.find(folder).stop()
    assert processes.working_in(server.home) == set()
