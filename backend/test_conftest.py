"""What a test that commits leaves behind is gone before the next test, and what migrations wrote is there again."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from django.test import TransactionTestCase
from django_celery_beat.models import PeriodicTask

from apps.banking.factories import ConnectionFactory
from apps.banking.models import Connection
from apps.clients.models import Client

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.django_db(transaction=True)
def test_rows_of_a_test_are_deleted_and_rows_of_migrations_restored():
    scheduled = list(PeriodicTask.objects.order_by("pk").values())
    ConnectionFactory()
    PeriodicTask.objects.filter(task__startswith="banking").delete()
    PeriodicTask.objects.update(enabled=False)
    TransactionTestCase._fixture_teardown(None)
    assert not Connection.objects.exists()
    assert not Client.objects.exists()
    assert len(scheduled) > 4
    assert list(PeriodicTask.objects.order_by("pk").values()) == scheduled


@pytest.mark.usefixtures("django_db_setup")
def test_a_later_run_copies_the_migrated_database_that_an_earlier_run_made(pytestconfig: pytest.Config):
    fixtures = pytestconfig.pluginmanager.get_plugin(str(ROOT / "backend" / "conftest.py"))
    with psycopg.connect(**connections["owner"].get_connection_params(), autocommit=True) as server:
        name = f"test_template_{fixtures._fingerprint()}"
        made = server.execute("SELECT oid FROM pg_database WHERE datname = %s", [name]).fetchone()
        assert made is not None
        assert fixtures._template(server) == name
        assert server.execute("SELECT oid FROM pg_database WHERE datname = %s", [name]).fetchone() == made


def test_each_process_uses_the_valkey_database_of_its_own_environment():
    """Several processes once inherited the settings of the first, and emptied each other's database."""
    assert os.environ["REDIS_URL"] == settings.REDIS_URL


def test_processes_of_tests_can_be_interrupted_where_sigint_is_ignored():
    """A shell script starts its background processes like this."""
    code = "import runpy, signal, sys; runpy.run_path(sys.argv[1]); print(signal.getsignal(signal.SIGINT))"
    run = subprocess.run(
        [sys.executable, "-c", code, ROOT / "conftest.py"],
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "default_int_handler" in run.stdout
