"""A model attribute whose column holds sealed JSON: read and written in the clear, at rest encrypted."""

import copy
import json
from decimal import Decimal
from typing import Any, Protocol

from lib import crypto


class SealedRow(Protocol):
    """What a model with sealed columns must offer."""

    def seal_context(self, column: str) -> str:
        """Names the row (by its natural key) and the column: what its ciphertext is bound to."""
        ...


def _number(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} does not go into sealed JSON")


# Made once: json.dumps makes one a call. In ASCII, because a lone surrogate, which JSON may hold, has no UTF-8.
_ENCODER = json.JSONEncoder(default=_number, separators=(",", ":"), sort_keys=True)


def encode(value: Any) -> bytes:
    """Compact JSON with sorted keys; Decimals become strings, so that no digit is lost."""
    return _ENCODER.encode(value).encode()


def decode(data: bytes) -> Any:
    """The value that `encode` was given, but for Decimals, which come back as strings."""
    return json.loads(data)


def seal_json(value: Any, context: str) -> bytes | None:
    """Sealed JSON, or None for None and for an empty object, list or string, which need no hiding."""
    return crypto.seal(encode(value), context) if value not in (None, {}, [], "") else None


class SealedJSON:
    """Descriptor: `extra = SealedJSON("extra_sealed")` reads and writes the BinaryField `extra_sealed`."""

    def __init__(self, column: str, empty: Any = None) -> None:
        self.column = column
        self.empty = empty

    def __get__(self, row: Any, owner: type) -> Any:
        if row is None:
            return self
        sealed = getattr(row, self.column)
        if sealed is None:
            return copy.copy(self.empty)  # or who changes it would change it for every row
        return decode(crypto.unseal(bytes(sealed), row.seal_context(self.column)))

    def __set__(self, row: Any, value: Any) -> None:
        setattr(row, self.column, seal_json(value, row.seal_context(self.column)))
