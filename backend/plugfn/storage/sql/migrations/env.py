"""Alembic's entry point: runs the revisions on the caller's connection, in its transaction."""

from alembic import context

from plugfn.storage.sql.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table="plugfn_revision",
)
context.run_migrations()
