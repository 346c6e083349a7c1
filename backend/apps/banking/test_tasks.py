"""Every kind of event has a task, and every schedule names an existing task."""

from datetime import timedelta
from importlib import import_module

import pytest
from celery import current_app
from django.apps import apps
from django.conf import settings
from django.db import connection
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import ModelEntry

from apps.banking import tasks
from apps.events.models import Event


def test_each_kind_of_event_has_a_task_of_the_name_in_the_settings():
    assert {name for name, _ in settings.EVENT_TASKS.values()} <= set(current_app.tasks)
    assert tasks.process_item_updated.name == "process_item_updated"
    assert {queue for _, queue in settings.EVENT_TASKS.values()} <= {q.name for q in settings.CELERY_TASK_QUEUES}


@pytest.mark.django_db
def test_every_scheduled_task_exists():
    ours = PeriodicTask.objects.filter(name__startswith="Banking:")
    assert {task.task for task in ours} == {
        "banking.reconcile_due",
        "banking.count_hours",
        "banking.discover",
        "banking.index_words",
        "banking.poll",
        "banking.purge_figures",
        "banking.remind_of_consents",
        "banking.refresh_directory",
    }
    assert {task.task for task in ours} <= set(current_app.tasks)
    assert {task.queue for task in ours} == {"background"}


def due_now() -> set[str]:
    """The periodic tasks that beat would send now, by its own reckoning, of those that run once a day or less often."""
    entries = [ModelEntry(task, app=current_app) for task in PeriodicTask.objects.filter(enabled=True)]
    daily = [entry for entry in entries if entry.schedule.run_every >= timedelta(days=1)]
    return {entry.task for entry in daily if entry.is_due().is_due}


@pytest.mark.django_db
def test_the_first_run_of_each_daily_task_is_due_at_once_and_a_deployment_repeats_none():
    assert due_now() == {"banking.refresh_directory"}
    for task in PeriodicTask.objects.filter(task__in=due_now()):
        # beat writes this when it sends a task.
        entry = next(ModelEntry(task, app=current_app))
        entry.save()
    assert due_now() == set()
    migration = import_module("apps.banking.migrations.0009_daily_tasks_begin_at_once")
    migration.make_due(apps, connection.schema_editor())
    assert due_now() == set()


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["item/waiting_user_input", "item/waiting_user_action"])
def test_one_task_handles_both_kinds_of_waiting_for_the_user(kind, bank, deliver, work):
    deliver({"event": kind, "eventId": "e1", "itemId": "11111111-1111-4111-8111-111111111111"})
    assert work() == 1
    assert Event.objects.get().outcome == "unknown item"


@pytest.mark.django_db
def test_a_task_logs_its_start_and_its_success(bank, deliver, work, caplog):
    item = "11111111-1111-4111-8111-111111111111"
    deliver({"event": "item/updated", "eventId": "e1", "itemId": item})
    with caplog.at_level("INFO"):
        work()
    said = [record.getMessage() for record in caplog.records]
    assert f"[TASK] Processing item/updated for pluggy:item:{item}" in said
    assert f"[TASK] Successfully processed item/updated for pluggy:item:{item}" in said


@pytest.mark.django_db
def test_the_periodic_tasks_run(bank):
    tasks.reconcile_due()
    tasks.discover_items()
    tasks.poll_items()
    tasks.remind_of_consents()
    tasks.refresh_directory()
