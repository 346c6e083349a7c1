"""How Alembic runs the revisions here: on the connection it is given, in that connection's transaction."""

from alembic import context

from plugfn.storage.sql.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table="plugfn_revision",
)
context.run_migrations()
