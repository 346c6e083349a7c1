import os
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

from ponte_demo.conftest import ROOT, Demo, is_clean, manage, wait_for

Start = Callable[..., Demo]
COUNT = "from django.contrib.auth import get_user_model as u; print(u().objects.filter(username='ana').count())"
CREATE = "from django.contrib.auth import get_user_model as u; u().objects.create(username='ana')"


def listens(taken: socket.socket, port: int) -> bool:
    try:
        taken.bind(("127.0.0.1", port))
        taken.listen()
    except OSError:
        return False
    return True


def test_a_command_works_before_any_demo_and_the_data_stays_until_fresh(start_demo: Start, new_folder: Path):
    assert manage(new_folder, "shell", "--no-imports", "-c", CREATE).returncode == 0
    assert is_clean(new_folder)
    failing = manage(new_folder, "shell", "--no-imports", "-c", f"{COUNT}; raise SystemExit(7)")
    assert (failing.stdout.strip(), failing.returncode) == ("1", 7)
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Until another test's demo has ended.
        wait_for(lambda: listens(taken, 8000), 120)
        demo = start_demo(new_folder, "--fresh")
        output = demo.read_until(demo.process.stdout, "a bank is being connected")
    assert "port 8000 is taken by another program: the web server listens on port " in output
    assert manage(new_folder, "shell", "--no-imports", "-c", COUNT).stdout.strip() == "0"
    assert demo.end(signal.SIGINT) == (0, "")
    assert not (new_folder / "tmp").exists()


def test_fresh_deletes_nothing_if_another_database_is_named(new_folder: Path):
    environment = {**os.environ, "PONTE_FOLDER": str(new_folder), "DATABASE_URL": "postgresql://127.0.0.1:1/theirs"}
    command = [ROOT / "scripts" / "demo", "--fresh"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 1
    assert run.stderr.startswith("demo: --fresh deletes the checkout's own database, but DATABASE_URL")
