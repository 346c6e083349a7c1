"""Checks that several parts of the connections share."""

import hashlib

from plugfn.connection import Connection
from plugfn.definition import Model, Provider, Settings
from plugfn.errors import InvalidCall, InvalidParams, Problem
from plugfn.net.guard import Guard
from plugfn.net.url import is_literal, read_origin

LONGEST_USER_ID = 255
LONGEST_LABEL = 200


def check_provider(connection: Connection, provider: Provider) -> None:
    """Raises InvalidCall when the connection is another provider's."""
    if connection.provider != provider.name:
        raise InvalidCall(f"this connection is at {connection.provider}", code="other_provider", provider=provider.name)


def check_origin(provider: Provider, settings: Settings, credentials: Model, guard: Guard) -> None:
    """Raises InvalidParams or Forbidden when calls with these credentials could not reach a server."""
    origin = provider.origin(settings, credentials)
    if not origin.url.startswith("http"):
        return  # a provider of another protocol asks the guard itself
    host = read_origin(origin.url).host
    if not origin.trusted and is_literal(host):
        guard.check(host)


def check_user(user_id: str) -> str:
    """Raises InvalidParams when the id cannot be stored."""
    # The store reads None as "all users", so a None by mistake must raise an error.
    fits = isinstance(user_id, str) and 0 < len(user_id) <= LONGEST_USER_ID and user_id.isprintable()
    if not fits:
        problem = Problem("user_id", f"1 to {LONGEST_USER_ID} printable characters")
        raise InvalidParams("the user id is not valid", problems=[problem])
    return user_id


def check_label(label: str) -> None:
    """Raises InvalidParams when the label is too long or cannot be printed."""
    if len(label) > LONGEST_LABEL or not label.isprintable():
        problem = Problem("label", f"at most {LONGEST_LABEL} printable characters")
        raise InvalidParams("the label is not valid", problems=[problem])


def fit_label(text: str) -> str:
    """A vendor's account name as a label: its printable characters, cut to the maximal length."""
    return "".join(letter for letter in text if letter.isprintable())[:LONGEST_LABEL].strip()


def digest(text: str) -> str:
    """The SHA-256 of a secret of 256 random bits, or of a name that goes into a key."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
