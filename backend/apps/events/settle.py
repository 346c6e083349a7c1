"""Decide by the type of the error what happens to the events of a failed run."""

import logging
from datetime import datetime, timedelta

from django.utils import timezone

from apps.events.books import book
from apps.events.kinds import rules_of
from apps.events.models import Event
from lib.errors import ErrorType, NeedsUser, Permanent, PonteError, Throttled, Unexpected

logger = logging.getLogger(__name__)

# A longer Retry-After of a vendor is cut to this.
WAIT_LIMIT = timedelta(hours=6)
PARKED = "parked"
PARKED_FOR = timedelta(days=3)
# A parked event is retried after as long as it has already waited, but within these limits.
PARKING_STEP = timedelta(minutes=1)
PARKING_STEP_LIMIT = timedelta(hours=2)


class Park(Exception):
    """Raised by a handler that does not know the thing that the event is about. Parking costs no attempt."""


def settle(events: list[Event], error: Exception) -> None:
    """Store each event's new state, by the type of the error, in the caller's fenced transaction."""
    log_failure(events[0], error)
    for event in events:
        if isinstance(error, Park):
            _park(event)
        elif isinstance(error, Throttled):
            _wait(event, error)
        elif isinstance(error, NeedsUser | Permanent) or rules_of(event.kind).retry.exhausted(event.attempts):
            _bury(event, error)
        else:
            _retry_later(event, error)
        event.save(update_fields=_SAVED_COLUMNS)


_SAVED_COLUMNS = ["state", "outcome", "attempts", "available_at", "error_type", "error_code", "finished_at"]


def _park(event: Event) -> None:
    now = timezone.now()
    event.attempts -= 1
    waited = now - event.received_at
    if waited >= PARKED_FOR:
        event.state, event.outcome, event.finished_at = Event.State.DONE, "foreign", now
        book(done=1)
    else:
        event.outcome = PARKED
        event.available_at = now + min(max(waited, PARKING_STEP), PARKING_STEP_LIMIT)


def _wait(event: Event, error: Throttled) -> None:
    event.attempts -= 1
    event.outcome = "throttled"
    event.available_at = _after(error.retry_after or 1)


def _retry_later(event: Event, error: Exception) -> None:
    event.outcome = "failed"
    event.error_type, event.error_code = describe(error)
    retry_after = getattr(error, "retry_after", None) or 0
    event.available_at = _after(max(retry_after, rules_of(event.kind).retry.delay(event.attempts)))


def _bury(event: Event, error: Exception) -> None:
    event.state, event.outcome, event.finished_at = Event.State.DEAD, "dead", timezone.now()
    event.error_type, event.error_code = describe(error)
    logger.error(
        "Event %s (%s) is dead: %s. When the cause is fixed, run replay_events --id %s --actor NAME.",
        event.pk,
        event.kind,
        event.error_code or event.error_type,
        event.pk,
    )


def _after(seconds: float) -> datetime:
    return timezone.now() + min(timedelta(seconds=seconds), WAIT_LIMIT)


def describe(error: Exception) -> tuple[str, str]:
    """The (reliability type, code) of any error. Never its message, which may hold personal data."""
    if isinstance(error, PonteError):
        return str(error.error_type), error.code[:80]
    return str(ErrorType.INTERNAL_ERROR), type(error).__name__[:80]


def log_failure(event: Event, error: Exception) -> None:
    """Log one line for an expected error, and a traceback for an unexpected one."""
    message = "[TASK] %s for %s did not succeed: %s"
    arguments = (event.kind, event.mailbox, describe(error)[1] or type(error).__name__)
    if isinstance(error, Park | Throttled):
        logger.info("[TASK] %s for %s waits: %s", event.kind, event.mailbox, type(error).__name__)
    elif isinstance(error, PonteError) and not isinstance(error, Unexpected):
        logger.warning(message, *arguments)
    else:
        logger.error(message, *arguments, exc_info=error)
