"""What staff read for the outcomes of events. The keys are what the code writes, and never change."""

from typing import Any

from django.utils.translation import gettext_lazy as _

STATE_TONES = {"pending": "info", "done": "success", "dead": "danger"}

# An outcome that is not here is shown as it is: handlers of later apps write their own.
OUTCOMES: dict[str, Any] = {
    "": _("not processed yet"),
    "unhandled": _("stored; nothing to do"),
    "synced": _("synced"),
    "nothing new": _("nothing new"),
    "noted": _("status stored"),
    "gone": _("gone at the bank's service"),
    "unknown item": _("unknown item"),
    "another member's item": _("another member's item"),
    "connector read": _("institution read"),
    "unknown connector": _("unknown institution"),
    "covered": _("covered by a later reading"),
    "paused": _("the connection is paused"),
    "parked": _("waits for its connection"),
    "throttled": _("waits for the rate budget"),
    "failed": _("failed; will be tried again"),
    "replayed": _("replayed; waits its turn"),
    "dead": _("given up"),
    "foreign": _("not one of our items"),
    "discarded": _("discarded by staff"),
}


def outcome(value: str) -> Any:
    """The outcome in words."""
    return OUTCOMES.get(value, value)
