"""For whom a statement works, as the code says it: in and out of transactions, after errors, in streams and threads."""

import threading

import psycopg
import pytest
from django.db import DataError, connection, connections, migrations, transaction
from django.db.migrations.state import ProjectState
from django.test.utils import CaptureQueriesContext

from apps.banking.factories import AccountFactory
from apps.banking.models import Account
from apps.events.emit import emit
from core import checks
from lib import row_security
from lib.row_security import client_rows, for_client, for_nobody, for_staff, for_system, protect, streamed


@pytest.fixture
def accounts(transactional_db):
    """An account of each of two clients."""
    return AccountFactory(), AccountFactory()


def seen():
    return set(Account.objects.values_list("pk", flat=True))


def refused():
    return pytest.raises(DataError, match="no client is set")


def said():
    """The role and the client that the database knows of."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user::text, current_setting('app.client', true)")
        return cursor.fetchone()


def test_each_block_sees_its_own_rows_with_and_without_a_transaction(accounts):
    one, two = accounts
    for atomic in (True, False):
        for block, expected in (
            (for_client(one.client_id), {one.pk}),
            (for_client(two.client_id), {two.pk}),
            (for_system("the tests"), {one.pk, two.pk}),
            (for_staff(), {one.pk, two.pk}),
        ):
            with for_nobody(), block:
                if atomic:
                    with transaction.atomic():
                        assert (seen(), seen()) == (expected, expected)
                else:
                    assert (seen(), seen()) == (expected, expected)
    with for_nobody(), refused():
        seen()


def test_nothing_is_left_for_the_next_user_of_the_session(accounts):
    with client_rows(accounts[0].client_id):
        backend = connection.connection.info.backend_pid
        assert seen()
    with for_client(accounts[0].client_id):
        assert seen()
    with for_nobody():
        assert said()[0] == "ponte_app"
        assert not said()[1]
        with refused(), transaction.atomic():
            seen()
        assert connection.connection.info.backend_pid == backend


def test_a_block_inside_a_transaction_ends_with_the_block(accounts):
    one, two = accounts
    with client_rows(one.client_id):
        with for_client(two.client_id):
            assert seen() == {two.pk}
        assert seen() == {one.pk}
        with for_system("the tests"):
            assert len(seen()) == 2
        assert seen() == {one.pk}
    with for_nobody(), transaction.atomic():
        assert not said()[1]
        with for_client(one.client_id):
            assert seen() == {one.pk}
        with refused(), transaction.atomic():
            seen()


def test_an_error_inside_a_block_restores_what_was_before(accounts):
    one, two = accounts
    with client_rows(one.client_id):
        with pytest.raises(ZeroDivisionError), client_rows(two.client_id):
            1 / len(seen() - {two.pk})
        assert seen() == {one.pk}
        with pytest.raises(DataError), transaction.atomic(), for_client(two.client_id), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        assert seen() == {one.pk}


def test_a_block_costs_no_statement_of_its_own(accounts):
    with for_nobody(), CaptureQueriesContext(connection) as queries, client_rows(accounts[0].client_id):
        assert seen()
    assert len([query for query in queries if query["sql"] not in ("BEGIN", "COMMIT")]) == 1


def test_cursors_that_send_no_plain_text_see_the_same_rows(accounts):
    one, _two = accounts
    with for_nobody(), for_client(one.client_id):
        assert [row.pk for row in Account.objects.iterator(chunk_size=1)] == [one.pk]
        with transaction.atomic():
            assert [row.pk for row in Account.objects.iterator(chunk_size=1)] == [one.pk]
        with connection.cursor() as cursor:
            cursor.executemany("UPDATE banking_account SET name = %s", [["a"], ["b"]])
            assert cursor.rowcount == 2
            cursor.execute("UPDATE banking_account SET name = 'c' RETURNING id")
            assert (cursor.rowcount, cursor.fetchall()) == (1, [(one.pk,)])


def test_a_transaction_that_begins_with_an_event_is_for_its_client_too(accounts):
    one, _two = accounts
    with for_nobody(), client_rows(one.client_id):
        emit("connection.updated", mailbox="m", client=one.client_id, payload={})
        assert seen() == {one.pk}


def test_a_stream_is_made_for_its_client_although_the_block_of_the_view_has_ended(accounts):
    one, _two = accounts

    def pieces():
        for _ in range(3):
            yield seen()

    with for_nobody():
        with for_client(one.client_id):
            stream = streamed(lambda: for_client(one.client_id), pieces())
        for piece in stream:
            assert piece == {one.pk}
            with refused():
                seen()


def test_another_thread_works_for_nobody(accounts):
    errors = []

    def look():
        try:
            seen()
        except DataError as error:
            errors.append(str(error))
        finally:
            connection.close()

    with for_client(accounts[0].client_id):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join(10)
    assert "no client is set" in errors[0]


def test_only_an_id_is_a_client(accounts):
    for text in ("", "'; RESET ROLE; --", "x"):
        with pytest.raises(ValueError, match="badly formed"), for_client(text):
            seen()


@pytest.fixture
def owner(accounts):
    with psycopg.connect(**connections["owner"].get_connection_params()) as session:
        yield session


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_migration_as_the_owner_changes_the_rows_of_all_clients(accounts):
    def rename(apps, editor):
        editor.execute("UPDATE banking_account SET name = 'migrated'")

    with connections["owner"].schema_editor() as editor:
        migrations.RunPython(rename).database_forwards("banking", editor, ProjectState(), ProjectState())
    assert set(Account.objects.values_list("name", flat=True)) == {"migrated"}


def test_a_migration_without_the_roles_says_what_to_do(owner, monkeypatch):
    monkeypatch.setattr(row_security, "READER_ROLE", "ponte_missing")
    with pytest.raises(psycopg.errors.RaiseException, match=r"Run ops/sql/roles.sql again"):
        owner.execute(protect("banking_account").sql)


def test_a_table_is_protected_and_exposed_again(owner):
    owner.execute("CREATE TABLE thing (client_id uuid)")
    operation = protect("thing")
    for statement, expected in ((operation.sql, True), (operation.reverse_sql, False)):
        owner.execute(statement)
        assert owner.execute("SELECT relrowsecurity FROM pg_class WHERE relname = 'thing'").fetchone() == (expected,)
    owner.rollback()


@pytest.mark.django_db(databases=["default", "owner"])
def test_the_check_for_deployment_says_when_nothing_is_enforced(monkeypatch):
    assert checks.check_role() == []
    monkeypatch.setattr(checks, "DEFAULT_DB_ALIAS", "owner")
    (warning,) = checks.check_role()
    assert warning.id == "ponte.W002"
    assert "DATABASE_URL" in warning.msg
