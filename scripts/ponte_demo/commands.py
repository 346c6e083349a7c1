"""The command lines of a run: the Procfile's, and the emulators'."""

import shlex
import sys
from pathlib import Path

from honcho.environ import parse_procfile

from ponte_demo import emulators
from ponte_demo.environment import Ports

LONG_RUNNING = ("web", "worker", "beat")
# Executions and webhook retries that take minutes at a bank take seconds here.
SANDBOX_SPEED = "4"
SANDBOX_RETRY_SCALE = "0.001"


def from_procfile(root: Path, *, reload: bool) -> dict[str, str]:
    """Web, worker and beat as in production, but listening on this machine only. `reload`: restart on code changes."""
    found = parse_procfile((root / "Procfile").read_text()).processes
    commands = {name: found[name] for name in LONG_RUNNING}
    commands["web"] = commands["web"].replace("0.0.0.0:", "127.0.0.1:")
    if reload:
        commands["web"] += " --reload"
        for name in ("worker", "beat"):
            commands[name] = f"{shlex.quote(sys.executable)} -m ponte_demo.reload {commands[name]}"
    return {name: f"exec {command}" for name, command in commands.items()}


def migrations(root: Path) -> list[str]:
    """The Procfile's release line, for this Python."""
    release = shlex.split(parse_procfile((root / "Procfile").read_text()).processes["release"])
    return [sys.executable, *release[1:]]


def sandbox(ports: Ports) -> str:
    """The Pluggy emulator. Each run has a new seed, so that its items and events differ from an earlier run's.

    Every user of this machine can read a command line, so the secrets come from the environment.
    """
    return "exec " + shlex.join(
        [
            sys.executable, "-m", "sandbox.pluggy",
            "--port", str(ports.sandbox), "--allow-local-webhooks", "--seed", "random",
            "--speed", SANDBOX_SPEED, "--retry-scale", SANDBOX_RETRY_SCALE,
            "--keys-from-environment",
        ]
    )  # fmt: skip


def other_emulators(ports: Ports) -> str:
    """All of them in one process. Their keys are public, so their command line has no secret either."""
    return "exec " + shlex.join([sys.executable, "-m", "sandbox", *emulators.arguments(ports.emulators)])
