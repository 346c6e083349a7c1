"""Bodies and queries that several endpoints of integrations take."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from apps.api.fields import StrictText, StrictUUID
from apps.api.inputs import Input
from apps.api.parsers import StrictJSON

# The most that the web server takes (core.whole_body).
LARGEST_MESSAGE = 3 * 1024 * 1024
KEY_HEADER = "Idempotency-Key"
KEY_FORM = r"^[!-~]([ -~]{0,253}[!-~])?$"
LONGEST_WAIT = 10

IDEMPOTENCY = OpenApiParameter(
    KEY_HEADER,
    {"type": "string", "pattern": KEY_FORM, "minLength": 1, "maxLength": 255},
    OpenApiParameter.HEADER,
    description="A text of yours. For 24 hours, the same key is the same send.",
)


class MessageJSON(StrictJSON):
    """A body with a message, which may have attachments."""

    limit = LARGEST_MESSAGE


class Which(Input):
    """Which integration, where the client has several of a kind."""

    integration = StrictUUID(required=False, help_text="The integration's id, if the client has several of this kind.")


class WaitQuery(Input):
    """How long to wait for the send."""

    wait = serializers.IntegerField(
        min_value=0,
        max_value=LONGEST_WAIT,
        default=0,
        required=False,
        help_text="Seconds to wait until it is sent. While too many calls wait, this one does not.",
    )


def name_field() -> StrictText:
    """What a person calls an integration."""
    return StrictText(required=False, allow_blank=True, max_length=120, help_text="What you call it.")


def given(sent: dict[str, Any], *names: str) -> dict[str, Any]:
    """Those of the values that the call has."""
    return {name: sent[name] for name in names if name in sent}
