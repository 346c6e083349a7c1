"""The Celery application. Its messages are doorbells: the work lies in PostgreSQL, so a lost one loses nothing."""

import logging.config
import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")

app = Celery("ponte")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# By name: a worker loads it when it starts, once Django is ready.
app.steps["worker"].add("apps.reliability.heartbeat:Heartbeat")


@setup_logging.connect
def use_our_logging(**_: Any) -> None:
    """The worker logs as the web server does."""
    logging.config.dictConfig(settings.LOGGING)
