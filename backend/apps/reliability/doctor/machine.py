"""The doctor looks at this installation's own parts: database, broker, workers, beat, clock."""

import time
from datetime import UTC, datetime, timedelta

from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_celery_beat.models import PeriodicTask
from redis.exceptions import RedisError

from apps.reliability.broker import read_broker
from apps.reliability.doctor.finding import Finding, bad, good, warning
from apps.reliability.health import DATABASE, PATIENCE
from apps.reliability.probe import answer_by
from lib.pages.display import length
from lib.redis_client import redis_client

SWEEP = "events.sweep"
# beat writes down its runs every three minutes.
BEAT_SILENCE = timedelta(minutes=6)
CLOCK_TOLERANCE = timedelta(seconds=5)


def look_at_database() -> Finding:
    """Whether PostgreSQL answers, and has the tables of this release."""
    if not answer_by(DATABASE.begin(), time.monotonic() + PATIENCE):
        return bad(_("PostgreSQL does not answer."), _("Start PostgreSQL, or correct DATABASE_URL."))
    executor = MigrationExecutor(connections["default"])
    if plan := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return bad(
            ngettext("%(n)d migration is missing.", "%(n)d migrations are missing.", len(plan)) % {"n": len(plan)},
            _("Run the release process: python backend/manage.py migrate --database owner"),
        )
    return good(_("PostgreSQL answers, and its tables are those of this release."))


def look_at_broker() -> Finding:
    """Whether Valkey or Redis answers."""
    try:
        redis_client().ping()
    except RedisError as error:
        return bad(
            _("Valkey (or Redis) does not answer (%(error)s). Webhooks are stored, and wait.")
            % {"error": type(error).__name__},
            _("Start Valkey, or correct REDIS_URL."),
        )
    return good(_("Valkey answers."))


def look_at_workers() -> Finding:
    """Whether a worker takes messages."""
    workers = read_broker().workers
    if not workers:
        return bad(
            _("No worker has been heard of for 20 seconds. Webhooks are stored, and wait."),
            _("Start the `worker` process of the Procfile."),
        )
    return good(ngettext("%(n)d worker is running.", "%(n)d workers are running.", workers) % {"n": workers})


def look_at_beat() -> Finding:
    """Whether beat sends the periodic tasks."""
    todo = _("Start exactly one `beat` process of the Procfile.")
    task = PeriodicTask.objects.filter(task=SWEEP).first()
    if task is None or not task.enabled:
        return bad(
            _("The task events.sweep is missing or switched off."), _("Switch it on in the admin, or migrate again.")
        )
    if task.last_run_at is None:
        return bad(_("beat has never run."), todo)
    silence = datetime.now(UTC) - task.last_run_at
    if silence > BEAT_SILENCE:
        return bad(_("beat last ran %(time)s ago.") % {"time": length(silence)}, todo)
    return good(_("beat sends the periodic tasks."))


def look_at_clock() -> Finding:
    """Whether this machine and the database agree on the time."""
    before = datetime.now(UTC)
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs = cursor.fetchone()[0]
    after = datetime.now(UTC)
    gap = max(before - theirs, theirs - after, timedelta())
    if gap > CLOCK_TOLERANCE:
        return warning(
            _("The clocks of this machine and of PostgreSQL differ by %(time)s.") % {"time": length(gap)},
            _("Synchronise both with NTP."),
        )
    return good(_("The clocks of this machine and of PostgreSQL agree."))
