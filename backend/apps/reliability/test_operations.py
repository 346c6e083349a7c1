"""docs/operations.md agrees with the code: the schedule, the queues, the log lines, the limits."""

import re

import pytest
from django.conf import settings
from django_celery_beat.models import PeriodicTask

from apps.events.kinds import POLICY
from apps.reliability import health, heartbeat
from core.documents import BACKEND, document

PAGE = document("docs/operations.md")


@pytest.mark.django_db
def test_the_schedule_is_that_of_the_migrations():
    documented = {(task.strip("`"), every.split()[0]) for task, every, _ in PAGE.table("Task", "Every")}
    rows = PeriodicTask.objects.exclude(interval=None).values_list("task", "interval__every", "interval__period")
    assert documented == {(task, str(every)) for task, every, _ in rows}
    assert {period for *_, period in rows} == {"seconds"}


def test_the_queues_are_those_of_the_settings():
    documented = {queue.strip("`") for queue, _ in PAGE.table("Queue", "For")}
    assert documented == {queue.name for queue in settings.CELERY_TASK_QUEUES}


def test_each_log_line_is_in_the_code():
    files = [path for folder in ("apps", "lib") for path in (BACKEND / folder).rglob("*.py")]
    sources = "\n".join(path.read_text() for path in files if "test_" not in path.name)
    lines = [line.strip("`") for line, *_ in PAGE.table("Line begins with", "Level")]
    assert len(lines) > 8
    for line in lines:
        parts = re.split(r"item/updated|12345|401|…|[()]", line)
        assert all(part.strip(" .") in sources for part in parts), line


def test_the_figures_in_the_text_are_those_of_the_code():
    assert f"within {heartbeat.ALIVE_SECONDS} seconds" in PAGE.text
    assert f"every {heartbeat.EVERY_SECONDS:.0f}, whether" in PAGE.text
    assert f"more than {health.OVERDUE_SECONDS // 60} minutes" in PAGE.text
    assert f"ponte_events_overdue_seconds > {health.OVERDUE_SECONDS}" in PAGE.text
    assert f"dead after {POLICY.attempts} attempts" in PAGE.text
    assert health.OVERDUE_SECONDS >= settings.CELERY_TASK_TIME_LIMIT
