"""A model attribute whose column holds encrypted JSON. Code reads and writes the plain value."""

import copy
import json
import re
import secrets
from decimal import Decimal
from typing import Any, Protocol

from lib import crypto


class SealedRow(Protocol):
    """The protocol of a model with sealed columns."""

    def seal_context(self, column: str) -> str:
        """The name of the row (by its natural key) and the column, to which the ciphertext is bound."""
        ...


# json writes no Decimal as a number. `encode` lets it write a marked text, and then removes the mark and the quotes.
# The mark is a secret of this process, so no text of a vendor's can hold it.
_MARK = secrets.token_hex(16)
_MARKED = re.compile(rf'"{_MARK}([^"]*)"')


def _number(value: object) -> object:
    if isinstance(value, Decimal) and value.is_finite():
        return f"{_MARK}{value}"
    raise TypeError(f"a value of type {type(value).__name__} cannot be stored as sealed JSON")


# Created once, because json.dumps would create one per call. In ASCII, because JSON may contain a lone surrogate, which
# UTF-8 cannot encode.
_ENCODER = json.JSONEncoder(default=_number, separators=(",", ":"), sort_keys=True)


def encode(value: Any) -> bytes:
    """Compact JSON with sorted keys. Decimals become numbers that keep every digit."""
    text = _ENCODER.encode(value)
    return (_MARKED.sub(r"\1", text) if _MARK in text else text).encode()


def decode(data: bytes) -> Any:
    """Undo `encode`. A number with a fraction or an exponent comes back as a Decimal, with every digit."""
    return json.loads(data, parse_float=Decimal)


def seal_json(value: Any, context: str) -> bytes | None:
    """Sealed JSON; None for None and for an empty object, list or string."""
    return crypto.seal(encode(value), context) if value not in (None, {}, [], "") else None


class SealedJSON:
    """Descriptor: `extra = SealedJSON("extra_sealed")` reads and writes the BinaryField `extra_sealed`."""

    def __init__(self, column: str, empty: Any = None) -> None:
        self.column = column
        self.empty = empty

    def __get__(self, row: SealedRow | None, owner: type) -> Any:
        if row is None:
            return self
        sealed = getattr(row, self.column)
        if sealed is None:
            return copy.copy(self.empty)  # a copy, because the caller may change it
        return decode(crypto.unseal(bytes(sealed), row.seal_context(self.column)))

    def __set__(self, row: SealedRow, value: Any) -> None:
        setattr(row, self.column, seal_json(value, row.seal_context(self.column)))
