"""The Celery application. A message only names a mailbox; the events are in PostgreSQL, so a message may be lost."""

import logging
import logging.config
import os
import time
from typing import Any

from celery import Celery
from celery.signals import beat_init, setup_logging, task_postrun, task_prerun
from django.conf import settings
from django.db import close_old_connections, connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")

app = Celery("ponte")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# The step is given as text, so that a worker imports it when Django is ready.
app.steps["worker"].add("apps.reliability.heartbeat:Heartbeat")


@setup_logging.connect
def use_our_logging(**_: Any) -> None:
    """Let the worker log like the web server."""
    logging.config.dictConfig(settings.LOGGING)


# Seconds. A connection that was used since then is not tried again. If it has broken, the task fails, as it does if it
# breaks a moment later: its events are still pending, and the sweep rings for them.
_TRUSTED = 1.0
_used_at = float("-inf")


@task_prerun.connect
def try_connections(task: Any, **_: Any) -> None:
    """Have a connection to the database tried before a task uses it, as Django does for requests."""
    if task.request.is_eager:
        return
    close_old_connections()
    if time.monotonic() - _used_at < _TRUSTED:
        for connection in connections.all(initialized_only=True):
            connection.health_check_done = True


@task_postrun.connect
def remember_use(**_: Any) -> None:
    """The task has just used the connections."""
    global _used_at  # noqa: PLW0603 - a worker's process has one task at a time
    _used_at = time.monotonic()


@beat_init.connect
def say_how_changes_arrive(**_: Any) -> None:
    """Say once that Ponte polls. beat says it, because exactly one beat runs."""
    if not settings.PUBLIC_URL:
        text = "PUBLIC_URL is empty, so no webhook can arrive. Ponte looks at each item every %d minutes instead."
        logging.getLogger(__name__).warning(text, max(1, settings.POLL_MINUTES))
