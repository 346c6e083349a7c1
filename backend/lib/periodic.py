"""The operation by which a migration puts a periodic task on the schedule.

Released migrations call this, so it must go on doing the same.
"""

from typing import Any

from django.db.migrations import RunPython


def every(seconds: int, task: str, name: str) -> RunPython:
    """Run `task` every so many seconds, among the background work. Going back takes it off the schedule.

    An entry with this name stays as it is: an operator may have changed it in the admin. A migration that calls this
    depends on django_celery_beat, 0019_alter_periodictasks_options.
    """

    def schedule(apps: Any, schema_editor: Any) -> None:
        database = schema_editor.connection.alias
        intervals = apps.get_model("django_celery_beat", "IntervalSchedule").objects.using(database)
        tasks = apps.get_model("django_celery_beat", "PeriodicTask").objects.using(database)
        interval, _ = intervals.get_or_create(every=seconds, period="seconds")
        # A tick that no worker took is void when the next one comes.
        entry = {"task": task, "interval": interval, "queue": "background", "expire_seconds": seconds}
        tasks.get_or_create(name=name, defaults=entry)

    def unschedule(apps: Any, schema_editor: Any) -> None:
        tasks = apps.get_model("django_celery_beat", "PeriodicTask").objects
        tasks.using(schema_editor.connection.alias).filter(name=name).delete()

    return RunPython(schedule, unschedule)
