"""The Celery application. A message only names a mailbox; the events are in PostgreSQL, so a message may be lost."""

import logging
import logging.config
import os
import time
from typing import Any

from celery import Celery
from celery.signals import beat_init, setup_logging, task_prerun
from django.conf import settings
from django.db import connections

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


# Seconds for which a connection that worked is taken to work. If it breaks meanwhile, the task fails, as it does if it
# breaks a moment after a try: its events are still pending, and the sweep rings for them.
_TRIED_EVERY = 1.0
_tried_at = float("-inf")


@task_prerun.connect
def try_connections(task: Any, **_: Any) -> None:
    """Have a connection to the database tried before a task uses it, as Django does for requests."""
    global _tried_at  # noqa: PLW0603 - a worker's process has one task at a time
    if task.request.is_eager:
        return
    is_time = time.monotonic() - _tried_at > _TRIED_EVERY
    for connection in connections.all(initialized_only=True):
        if is_time or connection.errors_occurred:
            connection.close_if_unusable_or_obsolete()
    if is_time:
        _tried_at = time.monotonic()


@beat_init.connect
def say_how_changes_arrive(**_: Any) -> None:
    """Say once that Ponte polls. beat says it, because exactly one beat runs."""
    if not settings.PUBLIC_URL:
        text = "PUBLIC_URL is empty, so no webhook can arrive. Ponte looks at each item every %d minutes instead."
        logging.getLogger(__name__).warning(text, max(1, settings.POLL_MINUTES))
