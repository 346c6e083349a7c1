"""How gunicorn serves the web process; the Procfile names this file, because gunicorn looks for one only in the folder
it was started in. Command-line flags and GUNICORN_CMD_ARGS win over it.
"""

import os
import sys
from pathlib import Path
from typing import Any

from django.urls import get_resolver
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from gunicorn.workers.base import Worker

# gunicorn goes to --chdir only after it has read this file.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from apps.reliability import counters
from lib.redact import Redaction

# Each process counts in files of its own, in this folder.
COUNTERS = Path(os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(counters.new_name())))

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

# The heartbeat file must not wait for a disk.
worker_tmp_dir = str(counters.MEMORY) if counters.MEMORY.is_dir() else None
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
    counters.begin(COUNTERS, afresh=server.master_pid == 0)


def child_exit(_server: Arbiter, worker: Worker) -> None:
    """What a dead worker counted stays counted; what it measured last does not."""
    mark_process_dead(worker.pid)


def on_exit(server: Arbiter) -> None:
    """Leave no counters behind, unless another master took them over."""
    if server.reexec_pid == 0:
        counters.end(COUNTERS)


def post_worker_init(_worker: Worker) -> None:
    """Import every view before the first request: the first webhook must not wait for it."""
    _ = get_resolver().url_patterns
