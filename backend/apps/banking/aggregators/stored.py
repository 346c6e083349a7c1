"""The clients' own credentials at aggregators, as their store gives them.

The store lies above this folder, so a path names it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.utils.module_loading import import_string

FIND = "apps.banking.models.application.find_credentials"
FIND_ALL = "apps.banking.models.application.find_all_credentials"


@dataclass(frozen=True, repr=False)
class Credentials:
    """A client's own credentials at an aggregator: `key` is the public part, such as a client id. It has no repr.

    `name` is the name of the application that they make.
    """

    name: str
    client: UUID
    key: str
    secret: str


def find(aggregator: str, name: str) -> Credentials | None:
    """The credentials of one application; None if no client has it. One query."""
    found: Credentials | None = _imported(FIND)(aggregator, name)
    return found


def find_all(aggregator: str) -> Iterator[Credentials]:
    """The credentials of all clients' applications, oldest first."""
    yield from _imported(FIND_ALL)(aggregator)


@lru_cache
def _imported(path: str) -> Callable[..., Any]:
    function: Callable[..., Any] = import_string(path)
    return function
