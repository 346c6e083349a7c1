"""Errors as an agent reads them: a code for programs, what happened, and what to do now."""

import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError

from lib import errors

logger = logging.getLogger(__name__)


class Refusal(Exception):
    """A call that a tool refuses. `details` holds names and numbers, never personal data."""

    def __init__(self, code: str, message: str, advice: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.failure = Failure(code, message, advice, dict(details or {}))


@dataclass(frozen=True)
class Failure:
    """Why a call failed. `retry_after`: seconds after which the same call may succeed."""

    code: str
    message: str
    advice: str
    details: dict[str, Any] = field(default_factory=dict)
    retry_after: int | None = None

    @property
    def content(self) -> dict[str, Any]:
        """For JSON."""
        waits = {"retry_after": self.retry_after} if self.retry_after is not None else {}
        return {
            "error": {
                "code": self.code,
                "message": self.message,
                "what_to_do": self.advice,
                **waits,
                "details": self.details,
            }
        }


BUSY = Failure("BUSY", "The server has too much to do.", "Call again in a few seconds.", retry_after=5)
TOO_SLOW = Failure("TIMEOUT", "The call took too long.", "Ask for less: a shorter period or fewer rows.")


def failure_of(error: Exception) -> Failure:
    """What to tell the agent about an error. One that nobody expected is in the log, with a reference."""
    if isinstance(error, Refusal):
        return error.failure
    for kind, read in _READERS:
        if isinstance(error, kind):
            return read(error)
    return _unexpected(error)


def _temporary(error: errors.Temporary) -> Failure:
    wait = int(error.retry_after or 30)
    advice = f"Tell the person, and call again after {wait} seconds at the earliest."
    return Failure(_code(error), error.message, advice, retry_after=wait)


def _needs_user(error: errors.NeedsUser) -> Failure:
    advice = "Tell the person to open the connection's page in Ponte. Calling again cannot help."
    return Failure(_code(error), error.message, advice)


def _permanent(error: errors.PonteError) -> Failure:
    return Failure(_code(error), error.message, "Calling again cannot help. Tell the person.")


def _stopped(_error: OperationalError) -> Failure:
    logger.warning("A call of an agent's tool was stopped, or the database does not answer.")
    return TOO_SLOW


def _configuration(error: ImproperlyConfigured) -> Failure:
    # The message names a setting, which is for the operator alone.
    logger.error("A call of an agent's tool failed: %s", error)
    return Failure(
        "NOT_CONFIGURED", "This server is not set up for it.", "Tell the person that its operators must act."
    )


def _unexpected(error: Exception) -> Failure:
    reference = uuid.uuid4().hex[:8]
    logger.error("A call of an agent's tool failed.", exc_info=error, extra={"reference": reference})
    advice = "Call again once. If it fails again, tell the person the reference."
    return Failure("INTERNAL_ERROR", "Something went wrong here.", advice, {"reference": reference})


def _code(error: errors.PonteError) -> str:
    return (error.code or str(error.error_type)).upper()


_READERS: list[tuple[type[Exception], Callable[[Any], Failure]]] = [
    (errors.Temporary, _temporary),
    (errors.NeedsUser, _needs_user),
    (errors.PonteError, _permanent),
    (ImproperlyConfigured, _configuration),
    (OperationalError, _stopped),
]
