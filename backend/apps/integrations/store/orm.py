"""The complete store: connections, short-lived values, the action log and workflows, in Ponte's own tables."""

from apps.integrations.store.connections import OrmConnections
from apps.integrations.store.logs import OrmActionLogs
from apps.integrations.store.short_lived import OrmShortLived
from apps.integrations.store.workflows import OrmWorkflows


class OrmStore(OrmConnections, OrmShortLived, OrmActionLogs, OrmWorkflows):
    """A plugfn.storage.protocol.Store. Say for whom it works with `acting_for`; otherwise it raises NoScope."""

    async def open(self) -> None:
        """Nothing to prepare: Django's migrations create the tables."""

    async def close(self) -> None:
        """Nothing to close: the threads keep their connections for the next call."""
