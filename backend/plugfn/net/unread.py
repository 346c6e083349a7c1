"""Answers that cannot be read, to requests that change something: the vendor may have done it all the same."""

from collections.abc import Iterator
from contextlib import contextmanager

from plugfn.errors import OutcomeUnknown, Unexpected

UNREADABLE = frozenset({"not_json", "not_an_object", "wrong_shape", "encoding", "too_big"})
"""Codes of Unexpected by which an answer says nothing; by any other it is a refusal, though one not known yet."""


@contextmanager
def changing() -> Iterator[None]:
    """Around such a request and the reading of its answer. Raises OutcomeUnknown for an answer that is unreadable."""
    try:
        yield
    except Unexpected as error:
        if error.code not in UNREADABLE:
            raise
        raise OutcomeUnknown(
            f"It was answered, but {error.message}: whether it was done is not known.", code=error.code
        ) from None
