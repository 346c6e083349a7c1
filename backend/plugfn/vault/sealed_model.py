"""Encrypts pydantic models, with their secrets written out."""

import json
from typing import Any, TypeVar

from pydantic import BaseModel, SecretBytes, SecretStr

from plugfn.crypto import KeyRing

M = TypeVar("M", bound=BaseModel)


def seal_model(ring: KeyRing, model: BaseModel, context: str) -> bytes:
    """The model, with its secrets, encrypted and bound to `context`."""
    return ring.seal(json.dumps(model.model_dump(), default=_json_value, separators=(",", ":")).encode(), context)


def unseal_model(ring: KeyRing, model: type[M], sealed: bytes, context: str) -> M:
    """The model that seal_model encrypted. Raises plugfn.crypto.Unreadable."""
    return model.model_validate_json(ring.unseal(sealed, context))


def _json_value(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, SecretBytes):
        return value.get_secret_value().decode("utf-8", "surrogateescape")
    return _other_json_value(value)


def _other_json_value(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)
