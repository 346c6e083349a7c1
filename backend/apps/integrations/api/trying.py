"""Testing an integration: what worked, how long it took, and what is wrong."""

from functools import cache
from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from apps.api.errors import Refused
from apps.api.fields import Number, Text
from apps.integrations.api.base import IntegrationView
from apps.integrations.api.errors import as_refused
from apps.integrations.connect.verbs import test
from apps.integrations.models import Integration

SUCCESS = "Connection successful"


class TryingView(IntegrationView):
    """A view that tests."""

    http_method_names = ["post"]

    def tested(self, integration: Integration) -> dict[str, Any]:
        """What the answer says of a test that went well. Raises Refused with the time that a failed one took."""
        outcome = test(integration)
        self.changed("test", integration, works=outcome.error is None)
        if outcome.error is None:
            return {"message": SUCCESS, "latency_ms": outcome.milliseconds}
        error = as_refused(outcome.error, self.names)
        if isinstance(error, Refused):
            error.details["latency_ms"] = outcome.milliseconds
        raise error


@cache
def success_answer(name: str = "IntegrationTestedAnswer", **more: Any) -> Any:
    """The answer of a test that went well."""
    return inline_serializer(
        name,
        {
            "success": serializers.BooleanField(help_text="Always true."),
            "message": Text(f"`{SUCCESS}`."),
            "latency_ms": Number("How long it took, in milliseconds."),
            **more,
        },
    )
