"""The one form of an error in every answer under /api/, as plain data: Django is not needed to make it."""

import json
from datetime import UTC, datetime
from typing import Any


def error_shape(error: str, error_code: str, details: dict[str, Any] | None = None) -> dict[str, Any]:
    """`error` is for people, `error_code` for programs; `details` says which field, how long to wait, and so on."""
    return {
        "success": False,
        "error": error,
        "error_code": error_code,
        "details": details or {},
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def error_body(error: str, error_code: str, details: dict[str, Any] | None = None) -> bytes:
    """The form as the bytes of an answer."""
    return json.dumps(error_shape(error, error_code, details), ensure_ascii=False).encode()
