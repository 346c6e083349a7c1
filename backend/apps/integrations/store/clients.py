"""PlugFn's users are Ponte's clients: the id of a user is the text of a client's id."""

from uuid import UUID


def client_of(user_id: str) -> UUID | None:
    """The client's id; None for a text that is no id of a client."""
    return as_uuid(user_id)


def user_of(client: UUID) -> str:
    """The user's id."""
    return str(client)


def as_uuid(text: str) -> UUID | None:
    """The UUID; None for another text."""
    try:
        return UUID(text)
    except ValueError:
        return None
