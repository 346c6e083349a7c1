"""Pydantic models at rest: their secrets written out, and the whole sealed."""

import json
from typing import Any, TypeVar

from pydantic import BaseModel, SecretBytes, SecretStr

from plugfn.crypto import KeyRing

M = TypeVar("M", bound=BaseModel)


def seal_model(ring: KeyRing, model: BaseModel, context: str) -> bytes:
    """The model, secrets included, encrypted and bound to `context`."""
    return ring.seal(json.dumps(model.model_dump(), default=_plain, separators=(",", ":")).encode(), context)


def unseal_model(ring: KeyRing, model: type[M], sealed: bytes, context: str) -> M:
    """What seal_model was given. Raises plugfn.crypto.Unreadable."""
    return model.model_validate_json(ring.unseal(sealed, context))


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, SecretBytes):
        return value.get_secret_value().decode("utf-8", "surrogateescape")
    return _readable(value)


def _readable(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)
