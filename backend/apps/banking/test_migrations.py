"""A database of the previous release migrates to this release and back: watermarks become marks."""

import uuid
from collections.abc import Iterator

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections

READ = "2026-11-01T12:30:15.123456+00:00"
CLIENT = uuid.uuid4()


@pytest.fixture
def old(django_db_setup, django_db_blocker) -> Iterator[psycopg.Connection]:
    """A separate database with the tables of the previous release; `migrate` knows it as "old"."""
    owner = connections["owner"]
    name = f"{owner.settings_dict['NAME']}_old"
    with psycopg.connect(**owner.get_connection_params(), autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        connections.settings["old"] = {**owner.settings_dict, "NAME": name}
        with django_db_blocker.unblock():
            call_command("migrate", "banking", "0006", database="old", verbosity=0)
            with psycopg.connect(**connections["old"].get_connection_params(), autocommit=True) as database:
                yield database
            connections["old"].close()
        del connections["old"], connections.settings["old"]
        server.execute(f'DROP DATABASE "{name}"')


def fill(database: psycopg.Connection) -> None:
    """A connection with one account that was read and one that was not, as the previous release stored them."""
    database.execute("INSERT INTO clients_client (id, name, created_at) VALUES (%s, 'c', now())", [CLIENT])
    database.execute(
        "INSERT INTO banking_connection (client_id, aggregator, vendor_id, state, status, execution_status, products,"
        " updated_at) VALUES (%s, 'pluggy', 'item', 'active', '', '', '[]', now())",
        [CLIENT],
    )
    for account, watermark in (("read", READ), ("new", None)):
        database.execute(
            "INSERT INTO banking_account (client_id, connection_id, vendor_id, digest, type, subtype, name,"
            " marketing_name, level, brand, credit_status, holder_type, transactions_watermark)"
            " SELECT client_id, id, %s, %s, '', '', '', '', '', '', '', '', %s FROM banking_connection",
            [account, bytes(16), watermark],
        )


def marks(database: psycopg.Connection) -> list[tuple]:
    return database.execute("SELECT client_id, scope, text FROM banking_mark ORDER BY scope").fetchall()


def test_watermarks_of_accounts_become_marks_of_connections_and_back(old):
    fill(old)
    call_command("migrate", "banking", database="old", verbosity=0)
    assert marks(old) == [(CLIENT, "read", READ)]
    assert old.execute("SELECT application, credential_sealed FROM banking_connection").fetchall() == [("", None)]
    old.execute("UPDATE banking_mark SET text = '2026-11-02T00:00:00+00:00'")
    call_command("migrate", "banking", "0006", database="old", verbosity=0)
    back = old.execute("SELECT vendor_id, transactions_watermark::text FROM banking_account ORDER BY vendor_id")
    assert [(name, stamp and stamp[:10]) for name, stamp in back] == [("new", None), ("read", "2026-11-02")]


@pytest.mark.django_db
def test_the_previous_release_works_with_the_columns_of_this_one():
    database = connections["default"].connection
    # It does not say for whom it works, so it cannot read the rows any more. The columns must still be those it knows.
    database.execute("SET LOCAL ROLE ponte_system")
    fill(database)
    assert marks(database) == []
    database.execute("UPDATE banking_account SET transactions_watermark = now() WHERE vendor_id = 'new'")
