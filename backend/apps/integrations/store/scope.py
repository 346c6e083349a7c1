"""For whom PlugFn works: its store shows the rows of one client, or of all for the work that belongs to none."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from uuid import UUID

from lib.row_security import for_client, for_system

# A client, or the name of work that belongs to none.
_acting: ContextVar[UUID | str] = ContextVar("plugfn_acts_for")


class NoScope(RuntimeError):
    """A call of PlugFn that does not say for whom it works: put it into `acting_for`."""


@contextmanager
def acting_for(scope: UUID | str) -> Iterator[None]:
    """PlugFn's calls inside see the rows of this client; with the name of a work, those of all clients."""
    token = _acting.set(scope)
    try:
        yield
    finally:
        _acting.reset(token)


def client_acted_for() -> UUID | None:
    """The client, or None for work of no client. Raises NoScope."""
    scope = acted_for()
    return scope if isinstance(scope, UUID) else None


def rows() -> AbstractContextManager[None]:
    """What runs inside sees the rows of the scope. Raises NoScope."""
    scope = acted_for()
    return for_client(scope) if isinstance(scope, UUID) else for_system(scope)


def acted_for() -> UUID | str:
    """The client, or the name of work that belongs to none. Raises NoScope."""
    try:
        return _acting.get()
    except LookupError:
        raise NoScope("say for which client PlugFn works: with acting_for(client.pk)") from None
