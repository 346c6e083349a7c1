"""The environment of a run's processes."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from embedded.ports import free_port, is_free
from ponte_demo import emulators

USUAL_PORT = 8000
PORTS = "ports.json"


@dataclass(frozen=True)
class Ports:
    """Where web, Pluggy's emulator and the other emulators (by name) listen on 127.0.0.1."""

    web: int
    sandbox: int
    emulators: dict[str, int] = field(default_factory=emulators.choose_ports)

    @property
    def web_url(self) -> str:
        return f"http://127.0.0.1:{self.web}"

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.sandbox}"


def choose_ports() -> Ports:
    """The usual port for the web server if it is free, else a free one."""
    return Ports(USUAL_PORT if is_free(USUAL_PORT) else free_port(), free_port())


def write_ports(folder: Path, ports: Ports) -> None:
    """Let scripts/manage find the processes of this run."""
    (folder / PORTS).write_text(json.dumps(asdict(ports)))


def forget_ports(folder: Path) -> None:
    (folder / PORTS).unlink(missing_ok=True)


def running_ports(folder: Path) -> Ports | None:
    """The ports of the run in `folder`, or None if none runs: a killed one leaves its file, but frees the port."""
    file = folder / PORTS
    ports = Ports(**json.loads(file.read_text())) if file.exists() else None
    return None if ports is None or is_free(ports.web) else ports


def build(servers: Mapping[str, str], file: Path, ports: Ports, *, real: bool) -> dict[str, str]:
    """The environment of web, worker, beat and the emulators.

    The user's own settings win over `file` (.local/env), and `file` wins over our defaults. `real`: use the user's
    Pluggy account. Without it the addresses are fixed, so that a demo changes no real item and calls no public address.
    """
    if real:
        generated = {name: value for name, value in read(file).items() if not name.startswith("PLUGGY_")}
        return {**_defaults(ports), **generated, **os.environ, **servers, **_not_debug(), "PORT": str(ports.web)}
    own = {name: value for name, value in os.environ.items() if not name.startswith("PLUGGY_")}
    debug = _not_debug() if os.environ.get("PUBLIC_URL") else {}
    fixed = {**_sandbox(ports), **emulators.settings(ports.emulators), **_local(ports), **debug}
    return {**_defaults(ports), **read(file), **own, **fixed, **servers, "PORT": str(ports.web)}


def read(file: Path) -> dict[str, str]:
    """NAME=value lines, as scripts/make_env.py writes them."""
    pairs = (line.partition("=") for line in file.read_text().splitlines() if "=" in line)
    return {name: value for name, _, value in pairs}


def _defaults(ports: Ports) -> dict[str, str]:
    return {
        **_local(ports),
        "DJANGO_SETTINGS_MODULE": "core.settings",
        "LOG_FORMAT": "console",
        "PYTHONUNBUFFERED": "1",
        "WEB_CONCURRENCY": "2",
        "WORKER_CONCURRENCY": "2",
    }


def _local(ports: Ports) -> dict[str, str]:
    """Plain HTTP on this machine: cookies and redirects must not require TLS."""
    return {
        "DEBUG": "true",
        "SECURE_SSL_REDIRECT": "false",
        "ADMIN_PATH": "admin",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "PUBLIC_URL": ports.web_url,
    }


def _sandbox(ports: Ports) -> dict[str, str]:
    """The emulator's API, and its script instead of Pluggy's."""
    return {
        "PLUGGY_API_URL": ports.sandbox_url,
        "PLUGGY_CONNECT_SDK_URL": f"{ports.sandbox_url}/pluggy-connect.js",
        "CONNECT_INCLUDE_SANDBOX": "true",
    }


def _not_debug() -> dict[str, str]:
    """With a real account or a public address, strangers may reach the pages through a tunnel."""
    return {"DEBUG": "false"}
