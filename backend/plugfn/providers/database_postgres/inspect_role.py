"""Finds out what a connection's role may do, and warns if it may do more than read the allowed tables."""

from typing import Any

from plugfn.database.names import TableRef
from plugfn.database.rows import Access, Column, Table
from plugfn.definition import Call
from plugfn.providers.database_postgres.connect import Connection
from plugfn.providers.database_postgres.credentials import PostgresAccess
from plugfn.providers.database_postgres.session import execute, read_in_session

_ROLE = """
select current_user::text, current_database()::text, current_setting('server_version'), rolsuper,
       rolcreaterole or rolcreatedb or rolreplication or rolbypassrls,
       has_database_privilege(current_database(), 'CREATE')
         or exists (select from pg_namespace where nspname !~ '^pg_' and has_schema_privilege(oid, 'CREATE')),
       exists (select from pg_roles member where member.rolname in (
         'pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program', 'pg_write_all_data'
       ) and pg_has_role(member.oid, 'MEMBER'))
from pg_roles where rolname = current_user
"""
_RELATIONS = """
select namespace.nspname::text, relation.relname::text,
       has_table_privilege(relation.oid, 'SELECT') or has_any_column_privilege(relation.oid, 'SELECT'),
       has_table_privilege(relation.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
         or has_any_column_privilege(relation.oid, 'INSERT, UPDATE')
from pg_class relation join pg_namespace namespace on namespace.oid = relation.relnamespace
where relation.relkind in ('r', 'p', 'v', 'm', 'f') and namespace.nspname !~ '^pg_'
  and namespace.nspname <> 'information_schema' and has_schema_privilege(namespace.oid, 'USAGE')
"""
_COLUMNS = """
select namespace.nspname::text, relation.relname::text, attribute.attname::text,
       format_type(attribute.atttypid, attribute.atttypmod), not attribute.attnotnull
from pg_attribute attribute join pg_class relation on relation.oid = attribute.attrelid
join pg_namespace namespace on namespace.oid = relation.relnamespace
join unnest(%s::text[], %s::text[]) as wanted (schema, name)
  on wanted.schema = namespace.nspname and wanted.name = relation.relname
where relation.relkind in ('r', 'p', 'v', 'm', 'f') and attribute.attnum > 0 and not attribute.attisdropped
  and has_schema_privilege(namespace.oid, 'USAGE')
  and has_column_privilege(relation.oid, attribute.attnum, 'SELECT')
order by 1, 2, attribute.attnum
"""
CATALOGUE = "pg_catalog"


async def inspect_access(call: Call[PostgresAccess]) -> Access:
    """Which database answers, the role, and the warnings."""
    allowed = set(call.credentials.tables())

    async def look(connection: Connection) -> Access:
        role = await (await execute(connection, _ROLE)).fetchone()
        relations = await (await execute(connection, _RELATIONS)).fetchall()
        return _access(role or (), relations, allowed)

    return await read_in_session(call, look, CATALOGUE)


async def tables_of(call: Call[PostgresAccess]) -> list[Table]:
    """The allowed tables that exist and that the role may read, with the columns that it may read."""
    wanted = call.credentials.tables()

    async def look(connection: Connection) -> list[Table]:
        schemas, names = [table.schema for table in wanted], [table.table for table in wanted]
        columns: dict[TableRef, list[Column]] = {}
        for schema, name, column, kind, nullable in await _rows(connection, _COLUMNS, schemas, names):
            columns.setdefault(TableRef(schema, name), []).append(Column(name=column, type=kind, nullable=nullable))
        return [Table(name=str(table), columns=columns[table]) for table in wanted if table in columns]

    return await read_in_session(call, look, CATALOGUE) if wanted else []


async def _rows(connection: Connection, query: str, *values: object) -> list[Any]:
    return await (await execute(connection, query, *values)).fetchall()


def _access(role: Any, relations: list[Any], allowed: set[TableRef]) -> Access:
    user, database, version, superuser, powers, creates, files = role
    warnings = []
    if superuser:
        warnings.append("The role is a superuser: it may do anything, even read and write the server's files.")
    elif powers or files:
        warnings.append("The role has privileges that reading does not need (roles, replication, files, row security).")
    if creates and not superuser:
        warnings.append("The role may create tables or schemas.")
    writable = sum(1 for _schema, _name, _reads, writes in relations if writes)
    if writable:
        warnings.append(f"The role may write to {writable} of the tables it sees.")
    others = sum(1 for schema, name, reads, _w in relations if reads and TableRef(schema, name) not in allowed)
    if others:
        warnings.append(f"The role may read {others} tables that this connection does not allow.")
    readable = {TableRef(schema, name) for schema, name, reads, _w in relations if reads}
    if missing := len(allowed - readable):
        warnings.append(f"{missing} of the allowed tables do not exist, or the role may not read them.")
    if not allowed:
        warnings.append("The connection allows no table, so nothing can be read.")
    return Access(label=f"{database} as {user}, PostgreSQL {version}", warnings=warnings)
