"""PlugFn's users are Ponte's clients: the id of a user is the text of a client's id."""

from uuid import UUID

# The id of no row, for texts that are no ids of ours.
_NONE = UUID(int=0)


def client_of(user_id: str) -> UUID:
    """The client's id; that of no client for another text."""
    return as_uuid(user_id)


def user_of(client: UUID) -> str:
    """The user's id."""
    return str(client)


def as_uuid(text: str) -> UUID:
    """The UUID; that of no row for another text."""
    try:
        return UUID(text)
    except ValueError:
        return _NONE
