"""API errors with the body that Pluggy answers: code, message, and sometimes codeDescription, data, details."""

from typing import Any


class ApiError(Exception):
    """An answer that is not 2xx. `extra` is merged into the body."""

    def __init__(self, status: int, message: str, description: str = "", **extra: object) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.description = description
        self.extra = extra
        self.headers: dict[str, str] = {}

    def body(self) -> dict[str, Any]:
        """The JSON object; `codeDescription` only where the error has one."""
        named = {"codeDescription": self.description} if self.description else {}
        return {"code": self.status, **named, "message": self.message, **self.extra}


def not_found(thing: str) -> ApiError:
    """404 for `ITEM`, `ACCOUNT`, …"""
    return ApiError(404, f"{thing.replace('_', ' ').lower()} not found", f"{thing}_NOT_FOUND")


def invalid(*messages: str) -> ApiError:
    """400 of plain request validation: the messages comma-joined, no codeDescription."""
    return ApiError(400, ",".join(messages))


def unauthorized(status: int = 403) -> ApiError:
    """The key is missing, unknown or expired. Without codeDescription, unlike a missing permission."""
    return ApiError(status, "Missing or invalid authorization token")


def forbidden(message: str, description: str = "FORBIDDEN") -> ApiError:
    """The key is valid but may not do this."""
    return ApiError(403, message, description)
