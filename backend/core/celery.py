"""The Celery application. A message only names a mailbox; the events are in PostgreSQL, so a message may be lost."""

import logging
import logging.config
import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, setup_logging, task_prerun
from django.conf import settings
from django.db import close_old_connections

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


@task_prerun.connect
def try_connections(task: Any, **_: Any) -> None:
    """Have a connection to the database tried before a task uses it, as Django does for requests."""
    if not task.request.is_eager:
        close_old_connections()


@beat_init.connect
def say_how_changes_arrive(**_: Any) -> None:
    """Say once that Ponte polls. beat says it, because exactly one beat runs."""
    if not settings.PUBLIC_URL:
        text = "PUBLIC_URL is empty, so no webhook can arrive. Ponte looks at each item every %d minutes instead."
        logging.getLogger(__name__).warning(text, max(1, settings.POLL_MINUTES))
