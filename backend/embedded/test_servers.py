import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest
import redis

from embedded import Servers, processes, servers
from embedded.__main__ import main
from embedded.conftest import BACKEND, as_root

HOLD = (
    "import sys, embedded, pathlib\n"
    "with embedded.servers(pathlib.Path(sys.argv[1])):\n"
    "    print('up', flush=True); sys.stdin.read()"
)
NOBODY = 65534


def holder(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        cwd=BACKEND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "up\n"
    return process


def leave(process: subprocess.Popen[str]) -> None:
    process.communicate(timeout=30)
    assert process.returncode == 0


def check(environment: dict[str, str]) -> None:
    with psycopg.connect(environment["DATABASE_URL"]) as app:
        assert app.execute("SELECT current_user").fetchone() == ("ponte_app",)
    with psycopg.connect(environment["DATABASE_OWNER_URL"]) as owner:
        assert owner.execute("SELECT current_user").fetchone() == ("ponte_owner",)
    with redis.from_url(environment["REDIS_URL"]) as client:
        assert client.ping()


def test_servers_live_as_long_as_the_with_block(folder: Path):
    with servers(folder) as environment:
        check(environment)
    assert Servers(folder).running() == {"postgres": False, "valkey": False}


def test_the_last_program_stops_the_servers(folder: Path):
    first, second = holder(folder), holder(folder)
    leave(first)
    assert all(Servers(folder).running().values())
    leave(second)
    assert not any(Servers(folder).running().values())


def test_servers_of_a_killed_program_are_taken_over_and_stopped(folder: Path):
    dead = holder(folder)
    dead.kill()
    dead.communicate()
    assert all(Servers(folder).running().values())
    with servers(folder) as environment:
        check(environment)
    assert not any(Servers(folder).running().values())


def test_ctrl_c_in_the_terminal_reaches_the_starter_and_not_the_servers(folder: Path):
    with servers(folder) as environment:
        pids = processes.working_in(folder / "postgres" / "data") | processes.working_in(folder / "valkey")
        assert len(pids) > 1
        assert os.getpgid(0) not in {os.getpgid(pid) for pid in pids}
        check(environment)


def test_programs_that_start_at_the_same_moment_share_the_servers(folder: Path):
    command = [sys.executable, "-m", "embedded", "start", "--folder", str(folder)]
    starts = [subprocess.Popen(command, cwd=BACKEND, stdout=subprocess.DEVNULL) for _ in range(4)]
    assert [start.wait(timeout=60) for start in starts] == [0, 0, 0, 0]
    assert main(["stop", "--folder", str(folder)]) == 0


def test_servers_started_by_hand_run_on_after_the_last_user(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["start", "--folder", str(folder)]) == 0
    leave(holder(folder))
    assert main(["status", "--folder", str(folder)]) == 0
    assert main(["stop", "--folder", str(folder)]) == 0
    assert main(["status", "--folder", str(folder)]) == 3
    assert "postgres: stopped" in capsys.readouterr().out


def test_env_is_for_a_shell(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["env", "--folder", str(folder)]) == 0
    shell = capsys.readouterr().out + 'test -n "$DATABASE_URL$DATABASE_OWNER_URL" && printf %s "$REDIS_URL"'
    url = subprocess.run(["bash", "-euc", shell], capture_output=True, text=True, check=True).stdout
    with redis.from_url(url) as client:
        assert client.ping()


def test_the_users_own_addresses_win(folder: Path):
    theirs = {"DATABASE_URL": "postgresql://me@example.test/mine", "REDIS_URL": "redis://example.test/1"}
    with servers(folder, theirs) as environment:
        assert environment == {**theirs, "DATABASE_OWNER_URL": theirs["DATABASE_URL"]}
        assert not any(Servers(folder).running().values())


def test_an_error_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str]):
    (folder / "start.lock").mkdir()
    assert main(["start", "--folder", str(folder)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    (folder / "start.lock").rmdir()


@as_root
def test_a_normal_user_runs_them_too():
    with tempfile.TemporaryDirectory(prefix="ponte-test-") as name:
        os.chown(name, NOBODY, NOBODY)
        child = multiprocessing.get_context("fork").Process(target=_as_nobody, args=(Path(name) / ".local",))
        child.start()
        child.join(timeout=60)
        assert child.exitcode == 0


def _as_nobody(folder: Path) -> None:
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with servers(folder) as environment:
        check(environment)
        assert (folder / "postgres" / "data").stat().st_uid == NOBODY
    assert not any(Servers(folder).running().values())


def test_removed_data_is_gone_and_the_servers_start_anew(folder: Path):
    servers = Servers(folder)
    assert not servers.has_data()
    with psycopg.connect(servers.start()["DATABASE_OWNER_URL"]) as connection:
        connection.execute("CREATE TABLE kept ()")
    assert servers.has_data()
    servers.remove()
    assert not servers.has_data()
    assert not any(servers.running().values())
    with psycopg.connect(servers.start()["DATABASE_OWNER_URL"]) as connection:
        assert connection.execute("SELECT to_regclass('kept')").fetchone() == (None,)
    servers.stop()
