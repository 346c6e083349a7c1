"""What of a connection is checked wherever it comes up."""

import hashlib

from plugfn.connection import Connection
from plugfn.definition import Model, Provider, Settings
from plugfn.errors import InvalidCall, InvalidParams, Problem
from plugfn.net.guard import Guard
from plugfn.net.url import is_literal, read_origin

LONGEST_USER_ID = 255
LONGEST_LABEL = 200


def check_provider(connection: Connection, provider: Provider) -> None:
    """Raises InvalidCall when it is another provider's."""
    if connection.provider != provider.name:
        raise InvalidCall(f"this connection is of {connection.provider}", code="other_provider", provider=provider.name)


def check_origin(provider: Provider, settings: Settings, credentials: Model, guard: Guard) -> None:
    """Raises InvalidParams or Forbidden when calls with these credentials would have nowhere to go."""
    origin = provider.origin(settings, credentials)
    if not origin.url.startswith("http"):
        return  # it speaks another protocol, and asks the guard itself
    host = read_origin(origin.url).host
    if not origin.trusted and is_literal(host):
        guard.check(host)


def check_user(user_id: str) -> str:
    """Raises InvalidParams when the id cannot be kept."""
    # No text at all is a program's mistake that must not be answered with everybody's: None means that to the store.
    fits = isinstance(user_id, str) and 0 < len(user_id) <= LONGEST_USER_ID and user_id.isprintable()
    if not fits:
        problem = Problem("user_id", f"1 to {LONGEST_USER_ID} characters that can be printed")
        raise InvalidParams("the user cannot be kept", problems=[problem])
    return user_id


def check_label(label: str) -> None:
    """Raises InvalidParams when the label cannot be shown."""
    if len(label) > LONGEST_LABEL or not label.isprintable():
        problem = Problem("label", f"at most {LONGEST_LABEL} characters that can be printed")
        raise InvalidParams("the label cannot be kept", problems=[problem])


def fit_label(text: str) -> str:
    """A vendor's name of an account as a label: what can be printed of it, and no more than there is room for."""
    return "".join(letter for letter in text if letter.isprintable())[:LONGEST_LABEL].strip()


def digest(text: str) -> str:
    """Of a secret of 256 random bits, or of a name that goes into a key."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
