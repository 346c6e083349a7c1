"""The independent peer: Supabase's own @supabase/lite, in front of a real PostgreSQL."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from plugfn.providers.database_postgres.conftest import Door, relay

LITE, DRIVER = "0.10.0", "3.4.8"
PUBLISHABLE, SECRET = "sb_publishable_peer_0123456789abcdef", "sb_secret_peer_0123456789abcdef"
TROUBLE = [
    *(
        "",
        "a",
        "A",
        "a,b",
        "(a)",
        "a.b",
        '"',
        '""',
        "\\",
        '\\"',
        "'",
        "%",
        "_",
        "a%",
        "*",
        "null",
        "true",
        "and(id.eq.1)",
    ),
    *("{a}", "ção", " a ", "a\nb", "1", "😀", "not.is.null", "&select=*", "#", "+", "%22", '","', '")', "eq.a", ":"),
]
CONFIG = """
[api]
port = {port}
[db]
driver = "postgres"
url = "postgres://{user}@127.0.0.1:{postgres}/{name}"
[auth]
jwt_secret = "n0t-A-s3cret:peer/of:tests*only!1234567890"
publishable_key = "{publishable}"
secret_key = "{secret}"
"""


@dataclass(frozen=True)
class Peer:
    """A project: its API's URL, and the TCP port and name of its database."""

    url: str
    postgres_port: int
    dbname: str
    user: str


@pytest.fixture
def lite(npm_peer: Any, peer_missing: Callable[[str, str], None], peers: dict[str, Any]) -> Peer:
    """@supabase/lite, running; or reported as missing."""
    if "peer" not in peers:
        package = npm_peer("@supabase/lite", LITE)
        try:
            _add_driver(package)
        except (subprocess.SubprocessError, OSError) as error:
            peer_missing("npm @supabase/lite", f"{type(error).__name__} while installing its driver")
        peers["peer"] = peers["start"](package)
    running: Peer = peers["peer"]
    return running


def _add_driver(package: Any) -> None:
    """Installs npm's postgres beside it: lite does not list it as a dependency."""
    folder = package.package.parents[2]
    if (folder / "node_modules" / "postgres" / "package.json").exists():
        return
    npm = package.node.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [str(package.node), str(npm), "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--no-save"]
    command += ["--ignore-scripts", "--fetch-retries=1", "--fetch-timeout=15000"]
    command += [f"@supabase/lite@{LITE}", f"postgres@{DRIVER}"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


@pytest.fixture(scope="session")
def peers(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The test run's only peer: its own database, a TCP door to it, and the process."""
    superuser = make_conninfo(postgres_url, user="postgres", dbname="postgres")
    name, folder = f"test_lite_{uuid4().hex[:12]}", tmp_path_factory.mktemp("lite")
    parts = conninfo_to_dict(postgres_url)
    door = Door(relay(str(Path(str(parts["host"])) / f".s.PGSQL.{parts.get('port') or 5432}")))
    running: list[subprocess.Popen[bytes]] = []

    def start(package: Any) -> Peer:
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute(f'create database "{name}"')
        with psycopg.connect(make_conninfo(superuser, dbname=name), autocommit=True) as connection:
            _fill(connection)
        port = _free_port()
        config = folder / "config.toml"
        values = {"port": port, "postgres": door.port, "name": name, "user": "postgres"}
        config.write_text(CONFIG.format(publishable=PUBLISHABLE, secret=SECRET, **values))
        command = [str(package.node), str(package.package / "dist" / "cli" / "index.js"), "start", "--no-admin"]
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "DO_NOT_TRACK": "1"}
        output = (folder / "output").open("wb")
        running.append(
            subprocess.Popen(
                [*command, "--config", str(config)], cwd=folder, env=environment, stdout=output, stderr=output
            )
        )
        _until_it_answers(f"http://127.0.0.1:{port}/", running[-1], folder / "output")
        return Peer(f"http://127.0.0.1:{port}", door.port, name, "postgres")

    yield {"start": start}
    for process in running:
        process.terminate()
        process.wait(10)
    door.close()
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(f'drop database if exists "{name}" with (force)')


def _fill(connection: psycopg.Connection[Any]) -> None:
    connection.execute('create table coisas (id int primary key, texto text, numero int, "and" int, "Ação" text)')
    connection.execute("create table segredos (id int primary key, senha text, coisa int references coisas)")
    rows = [(number, text, number % 5 or None, number % 3, text) for number, text in enumerate([*TROUBLE, None])]
    connection.cursor().executemany("insert into coisas values (%s, %s, %s, %s, %s)", rows)
    connection.execute("insert into segredos values (1, 'nobody may read this', 1)")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _until_it_answers(url: str, process: "subprocess.Popen[bytes]", output: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urlopen(url, timeout=2).close()
        except HTTPError:
            return
        except (URLError, OSError):
            time.sleep(0.05)
        else:
            return
    raise AssertionError(output.read_text()[-2000:])
