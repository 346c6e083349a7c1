"""Row-level security: the application's role reaches no row of another client, in any table, by any statement."""

import ast
import json
import subprocess
from importlib import import_module
from itertools import product

import psycopg
import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.utils import DataError, NotSupportedError, ProgrammingError
from django.utils.timezone import now

from apps.agents import models as agents
from apps.api.models import AccessToken
from apps.api.tokens import make_token
from apps.banking.factories import TransactionFactory
from apps.banking.models import TransactionWords
from apps.banking.rows.words import index_words
from apps.clients.factories import ClientFactory, MembershipFactory
from apps.integrations import models as integrations
from apps.integrations.factories import IntegrationFactory, call_row, send_row
from conftest import RUN
from core.documents import BACKEND, ROOT, document
from embedded import place
from lib.row_security import client_rows, for_client, for_nobody

pytestmark = pytest.mark.django_db

# Their rows are read by work of no client: the mailbox, and the audit, which outlives clients.
EXCEPTIONS = {"events_event", "audit_entry"}


def rows(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        return cursor.fetchall() if cursor.description else cursor.rowcount


def protected():
    """Every table with row-level security, from the database's catalogue."""
    found = rows("SELECT relname FROM pg_class WHERE relrowsecurity AND relnamespace = 'public'::regnamespace")
    return sorted(name for (name,) in found)


def of_clients():
    """Every table whose rows belong to clients: by a column, or by a key to a table whose rows do."""
    query = """
        WITH RECURSIVE owned AS (
            SELECT attrelid AS id FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid AND relkind = 'r'
            WHERE attname IN ('client', 'client_id') AND relnamespace = 'public'::regnamespace
                AND relname <> ALL(%s)
            UNION SELECT conrelid FROM pg_constraint JOIN owned ON confrelid = owned.id WHERE contype = 'f'
        ) SELECT id::regclass::text FROM owned
    """
    return {name for (name,) in rows(query, sorted(EXCEPTIONS))}


def test_every_table_with_rows_of_clients_is_protected():
    assert of_clients() == set(protected())
    found = {(table, frozenset(roles)) for table, roles in rows("SELECT tablename, roles::text[] FROM pg_policies")}
    policies = ({"ponte_app"}, {"ponte_system", "ponte_staff", "ponte_reader"})
    assert found == {(table, frozenset(roles)) for table in protected() for roles in policies}


def make_access_token():
    make_token(MembershipFactory(), "a program", ["read"], days=1)


def make_words():
    TransactionFactory()
    index_words()


def make_credential():
    agents.Credential.objects.create(grant=make_grant(), kind="code", lookup=b"1", digest=b"1", expires_at=now())


def make_grant():
    program = agents.Application.objects.create(name="a program")
    return agents.Grant.objects.create(application=program, member=MembershipFactory(), expires_at=now())


def make_run():
    known = {"client": ClientFactory(), "created_at": now(), "updated_at": now(), "body": b"", "version": 1}
    workflow = integrations.Workflow.objects.create(id="w", **known)
    integrations.WorkflowRun.objects.create(id="r", workflow=workflow, depth=0, **known)


def make_short_lived():
    integrations.ShortLived.objects.create(client=ClientFactory(), value=b"", expires_at=now())


# How to make a row of the tables that have no factory.
MAKERS = {
    AccessToken: make_access_token,
    TransactionWords: make_words,
    agents.Call: lambda: agents.Call.objects.create(client=ClientFactory(), tool="list_accounts"),
    agents.Credential: make_credential,
    agents.Grant: make_grant,
    integrations.ActionLog: lambda: call_row(IntegrationFactory()),
    integrations.Send: lambda: send_row(IntegrationFactory()),
    integrations.ShortLived: make_short_lived,
    integrations.Workflow: make_run,
    integrations.WorkflowRun: make_run,
}


def factories_of(model):
    return import_module(f"{apps.get_app_config(model._meta.app_label).name}.factories")


@pytest.fixture
def everything():
    """A row of some client in each protected table, as JSON by the table."""
    models = {model._meta.db_table: model for model in apps.get_models()}
    found = {}
    for table in protected():
        model = models[table]
        # Without a row a test would prove nothing, so a table without a factory fails here.
        make = MAKERS.get(model) or getattr(factories_of(model), f"{model.__name__}Factory")
        if not rows(f"SELECT 1 FROM {table} LIMIT 1"):
            make()
        found[table] = rows(f"SELECT row_to_json(t)::text FROM {table} AS t LIMIT 1")[0][0]
    return found


@pytest.fixture
def client():
    """Who attacks: a client with a person, and no data."""
    member = MembershipFactory(client=ClientFactory())
    return member.client_id


def test_a_client_reads_changes_and_deletes_no_row_of_another(everything, client):
    with for_client(client):
        for table in everything:
            own = rows(f"SELECT count(*) FROM {table}")[0][0]
            assert own == (table == "clients_membership"), table
            column = rows("SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum = 1", table)[0][0]
            assert rows(f"UPDATE {table} SET {column} = {column}") == own, table
            assert rows(f"DELETE FROM {table} WHERE EXISTS (SELECT FROM {table})") == own, table
            assert rows(f"SELECT 1 FROM {table} FOR UPDATE") == [], table
    for table in everything:
        assert rows(f"SELECT count(*) FROM {table}")[0][0], table


def test_a_client_writes_no_row_for_another(everything, client):
    copy = "INSERT INTO {table} SELECT * FROM json_populate_record(NULL::{table}, %s)"
    for table, row in everything.items():
        with pytest.raises(ProgrammingError, match="row-level security"), client_rows(client):
            rows(copy.format(table=table), row)


def test_a_client_gives_no_row_away(everything, client):
    for table, row in everything.items():
        column = next((name for name in ("client_id", "client") if name in json.loads(row)), None)
        if column:
            # Of a pair of transactions a trigger says it first.
            refused = pytest.raises(DatabaseError, match=r"row-level security|same_client")
            with refused, client_rows(json.loads(row)[column]):
                rows(f"UPDATE {table} SET {column} = %s", client)


STATEMENTS = (
    "SELECT * FROM {table}",
    "SELECT count(*) FROM {table}",
    "DELETE FROM {table}",
    "SELECT EXISTS (SELECT FROM {table})",
    "WITH all_rows AS MATERIALIZED (SELECT * FROM {table}) SELECT count(*) FROM all_rows",
    "SELECT 1 FROM events_mailbox RIGHT JOIN {table} ON true",
    "COPY {table} TO STDOUT",
)


def test_without_a_client_no_table_gives_an_empty_answer(everything):
    for table, statement in product(everything, STATEMENTS):
        with pytest.raises(DataError, match="no client is set"), transaction.atomic(), for_nobody():
            rows(statement.format(table=table))


ATTACKS = [
    "SELECT a.id FROM banking_transaction a JOIN banking_account b ON true",
    "SELECT id FROM banking_transaction WHERE client_id <> current_setting('app.client')::uuid OR true",
    "SELECT id FROM clients_client WHERE EXISTS (SELECT FROM banking_account WHERE client_id = clients_client.id)",
    "SELECT own.id FROM clients_client c, LATERAL (SELECT id FROM banking_account WHERE client_id = c.id) own",
    "SELECT id FROM banking_transaction WHERE pg_temp.told(description)",
    "SELECT id FROM banking_transaction WHERE (description || 'x')::int = 1",
    "SELECT * FROM pg_temp.looked",
    "SELECT transaction_id FROM banking_transactionwords WHERE words IS NOT NULL",
    "UPDATE banking_transaction SET note = 'x' FROM banking_account WHERE account_id = banking_account.id RETURNING 1",
    "SELECT banking_transactions_with((string_agg(left(id::text, 8), ':*|') || ':*')::tsquery, 9) FROM clients_client",
    "SELECT n FROM generate_series(1, 99) AS n, clients_client AS c"
    " WHERE banking_transaction_has(n, (left(c.id::text, 8) || ':*')::tsquery)",
]
TOLD = """
    CREATE FUNCTION pg_temp.told(seen text) RETURNS boolean LANGUAGE plpgsql COST 0.0001
    AS $$ BEGIN RAISE EXCEPTION 'told: %', seen; END $$
"""


def test_no_join_function_or_view_leads_around_it(everything, client):
    with client_rows(client):
        rows(TOLD)
        rows("CREATE TEMP VIEW looked AS SELECT id FROM banking_account")
        for attack in ATTACKS:
            assert rows(attack) in ([], 0), attack


def test_copy_neither_reads_nor_writes_around_it(everything, client):
    with client_rows(client), connection.cursor() as cursor, cursor.copy("COPY banking_account TO STDOUT") as lines:
        assert list(lines) == []
    with pytest.raises(NotSupportedError, match="row-level security"), client_rows(client):
        rows("COPY banking_account (id) FROM STDIN")


def test_the_application_cannot_switch_it_off(everything, client):
    for statement in (
        "ALTER TABLE banking_account DISABLE ROW LEVEL SECURITY",
        "DROP POLICY of_client ON banking_account",
        "CREATE POLICY mine ON banking_account USING (true)",
        "SET LOCAL row_security = off; SELECT * FROM banking_account",
        "SET LOCAL ROLE ponte_owner",
    ):
        with pytest.raises(DatabaseError), client_rows(client):
            rows(statement)


@pytest.mark.django_db(transaction=True)
def test_a_backup_of_the_owner_has_all_rows_and_the_protection(everything, process_environment, tmp_path):
    url, dump = process_environment["DATABASE_OWNER_URL"], tmp_path / "ponte.dump"
    restored = url.replace(RUN, f"{RUN}_restored")
    refused = program("pg_dump", "--format=custom", "--file", tmp_path / "part", process_environment["DATABASE_URL"])
    assert "row-level security" in refused.stderr
    assert not program("pg_dump", "--format=custom", "--file", dump, url).stderr
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(f'CREATE DATABASE "{RUN}_restored"')
        try:
            assert not program("pg_restore", "--no-owner", "--exit-on-error", "--dbname", restored, dump).stderr
            check_restored(restored, everything)
        finally:
            owner.execute(f'DROP DATABASE "{RUN}_restored"')


def program(name, *arguments):
    command = [place.find(ROOT / ".local" / "test").program(name), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def check_restored(url, everything):
    with psycopg.connect(url, autocommit=True) as owner:
        for table, row in everything.items():
            found = owner.execute(f"SELECT 1 FROM {table} AS t WHERE row_to_json(t)::text = %s", [row])
            assert found.fetchone(), table
        owner.execute("SET ROLE ponte_system")
        assert owner.execute("SELECT EXISTS (SELECT FROM banking_account)").fetchone() == (True,)
    refused = pytest.raises(psycopg.errors.InvalidTextRepresentation, match="no client is set")
    with psycopg.connect(url.replace("ponte_owner", "ponte_app")) as application, refused:
        application.execute("SELECT FROM banking_account")


def test_each_work_that_sees_all_clients_is_in_the_documentation():
    works, passed_on = set(), set()
    sources = [path for path in BACKEND.rglob("*.py") if not path.name.startswith(("test_", "conftest"))]
    for path, source in ((path, path.read_text()) for path in sources):
        for name in works_in(ast.parse(source)) if any(f"{opener}(" in source for opener in OPENERS) else ():
            works.add(name) if name else passed_on.add(str(path.relative_to(BACKEND)))
    assert passed_on == {"lib/row_security.py", "apps/integrations/store/scope.py"}
    documented = [row[0] for row in document("docs/tenancy.md").table("Work", "Why")]
    assert sorted(works) == sorted(documented)


def works_in(module):
    """The names of the works that a module does for all clients; None for one that its caller names."""
    assigned = [node for node in module.body if isinstance(node, ast.Assign)]
    constants = {getattr(node.targets[0], "id", ""): getattr(node.value, "value", None) for node in assigned}
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in OPENERS:
            (name,) = node.args
            if isinstance(name, ast.Constant):
                yield name.value
            elif node.func.id != "acting_for" or (isinstance(name, ast.Name) and name.id in constants):
                yield constants.get(getattr(name, "id", ""))


# A client is the argument of most calls of the last one.
OPENERS = ("for_system", "system_rows", "acting_for")
