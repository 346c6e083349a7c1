"""How gunicorn serves the web process; the Procfile names this file, because gunicorn looks for one only in the folder
it was started in. Command-line flags and GUNICORN_CMD_ARGS win over it.
"""

import os
import secrets
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.urls import get_resolver
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from gunicorn.workers.base import Worker

# gunicorn goes to --chdir only after it has read this file.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from lib.redact import Redaction

# Files that are written all the time must not wait for a disk.
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
# Each worker counts in files of its own, and whichever of them is asked for /metrics adds all of them up.
OURS = "ponte-metrics-"
os.environ.setdefault(
    "PROMETHEUS_MULTIPROC_DIR", str(Path(MEMORY or tempfile.gettempdir(), OURS + secrets.token_hex(8)))
)
METRICS = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])

# Only now: it looks for that variable when it is imported.
from prometheus_client.multiprocess import mark_process_dead  # noqa: E402

worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
# A waiting webhook request costs a thread, not a database connection: one insert commits many of them.
threads = int(os.environ.get("WEB_THREADS", "16"))

# Longer than the idle time of common proxies, so that the proxy closes first and no request meets a closed door.
keepalive = 75
backlog = 2048
# A worker that says nothing for so long is replaced; its requests were not answered, so the sender repeats them.
timeout = 30
graceful_timeout = 25

# Webhooks and our own clients send short lines and few headers.
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190

worker_tmp_dir = MEMORY
# No management socket in somebody's home folder, and no access log: the application writes one line a request,
# without secrets, where an access log would print paths that carry a token.
control_socket_disable = True
accesslog = None
errorlog = "-"


class logger_class(Logger):
    """gunicorn's own lines, which name the path of a request that failed in its hands, without tokens."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.addFilter(Redaction())


def on_starting(server: Arbiter) -> None:
    """Counters begin at nothing, unless this master takes over from one that still runs (SIGUSR2)."""
    METRICS.mkdir(mode=0o700, parents=True, exist_ok=True)
    if server.master_pid == 0:
        for file in METRICS.glob("*.db"):
            file.unlink(missing_ok=True)


def child_exit(_server: Arbiter, worker: Worker) -> None:
    """What a dead worker counted stays counted; what it measured last does not."""
    mark_process_dead(worker.pid)


def on_exit(server: Arbiter) -> None:
    """Leave no folder of our own behind, unless another master took it over."""
    if METRICS.name.startswith(OURS) and server.reexec_pid == 0:
        shutil.rmtree(METRICS, ignore_errors=True)


def post_worker_init(_worker: Worker) -> None:
    """Import every view before the first request: the first webhook must not wait for it."""
    _ = get_resolver().url_patterns
