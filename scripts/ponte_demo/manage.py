"""`python -m ponte_demo.manage FOLDER COMMAND…`: a management command with the secrets and servers of a folder.

Starts the embedded servers if they do not run, and stops them afterwards if no other program uses them.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import make_env
from embedded import EmbeddedError, Servers, servers
from ponte_demo import commands, environment
from ponte_demo.run import ROOT


def main(folder: Path, arguments: Sequence[str]) -> int:
    real = bool(os.environ.get("PLUGGY_CLIENT_ID"))
    folder.mkdir(parents=True, exist_ok=True)
    make_env.write(folder / "env")
    new = not (os.environ.get("DATABASE_URL") or Servers(folder).has_data())
    with servers(folder, os.environ) as addresses:
        ports = environment.running_ports(folder) or environment.choose_ports()
        env = environment.build(addresses, folder / "env", ports, real=real)
        if new and (failed := run(commands.migrations(ROOT), {**env, "LOG_LEVEL": "WARNING"})):
            return failed
        return run([sys.executable, "backend/manage.py", *arguments], env)


def run(command: list[str], env: dict[str, str]) -> int:
    """Run a program in this terminal. It gets Ctrl-C too, and decides what that means."""
    process = subprocess.Popen(command, cwd=ROOT, env=env)
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    code = process.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
    except (EmbeddedError, OSError) as reason:
        sys.exit(f"manage: {reason}")
