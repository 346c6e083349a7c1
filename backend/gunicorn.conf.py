"""The configuration of gunicorn, which serves the web process. The Procfile names this file, because gunicorn looks
for one only in its working folder. Command-line flags and GUNICORN_CMD_ARGS override it.
"""

import gc
import os
import sys
from pathlib import Path
from typing import Any

from django.urls import get_resolver
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from gunicorn.workers.base import Worker

# gunicorn changes to --chdir only after it has read this file.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from apps.reliability import counters
from core.logs import LineFormatter

# Each process writes its counters to files of its own in this folder.
COUNTERS = Path(os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(counters.new_name())))

# Imported only now, because prometheus_client reads that variable when it is imported.
from prometheus_client.multiprocess import mark_process_dead  # noqa: E402

# Webhooks are answered in the event loop; pages run in threads, whose number WEB_THREADS sets (core/asgi.py).
worker_class = "core.web_worker.Worker"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_connections = 4096
asgi_loop = "uvloop"
asgi_lifespan = "off"
# Installing an optional package must not change the parser.
http_parser = "python"

# Longer than the idle time of common proxies, so that the proxy closes a connection first and no request is lost.
keepalive = 75
backlog = 2048
# gunicorn replaces a worker that hangs for this long. Its requests get no answer, so their senders retry.
timeout = 30
graceful_timeout = 25

# Webhooks and health checks send short lines and few headers.
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190

# The heartbeat file of a worker is in memory, so that it never waits for a disk.
worker_tmp_dir = str(counters.MEMORY) if counters.MEMORY.is_dir() else None
# No control socket in the user's home folder. No access log, because it would print the tokens in webhook paths; the
# application logs one line per request without secrets.
control_socket_disable = True
accesslog = None
errorlog = "-"
loglevel = os.environ.get("LOG_LEVEL", "INFO").lower()


class logger_class(Logger):
    """gunicorn's own lines, in the form of Ponte's and redacted. Some show the path of a refused request."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(LineFormatter(os.environ.get("LOG_FORMAT", "json")))


def on_starting(server: Arbiter) -> None:
    """Start with empty counters, unless this master takes over from one that still runs (SIGUSR2)."""
    counters.begin(COUNTERS, empty=server.master_pid == 0)


def child_exit(_server: Arbiter, worker: Worker) -> None:
    """Drop the gauges of a worker that ended; its counters stay."""
    mark_process_dead(worker.pid)


def on_exit(server: Arbiter) -> None:
    """Delete the counters, unless another master has taken them over."""
    if server.reexec_pid == 0:
        counters.end(COUNTERS)


def post_worker_init(worker: Worker) -> None:
    """Import every view now, so that the first webhook does not wait for it.

    From now on Ponte's handler writes gunicorn's lines too, so that no request waits for a reader that hangs.
    """
    _ = get_resolver().url_patterns
    # What is loaded now stays until the end. The garbage collector would look at all of it again every few requests.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    if worker.cfg.errorlog == "-":
        worker.log.error_log.handlers.clear()
        worker.log.error_log.propagate = True
