"""Asking for a send, and what the API answers: 202 while it is on its way, 200 once it is sent."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.fields import Id, Moment, Text
from apps.api.inputs import read_query
from apps.api.schema import TAG_INTEGRATIONS, described
from apps.integrations.api.base import IntegrationView
from apps.integrations.api.errors import answer_to, refused
from apps.integrations.api.inputs import IDEMPOTENCY, KEY_FORM, KEY_HEADER, MessageJSON, WaitQuery
from apps.integrations.api.waiting import settled
from apps.integrations.models import Integration, Send
from apps.integrations.sending.request import request_send

Method = TypeVar("Method", bound=Callable[..., Any])
REPLAYED = "Idempotency-Replayed"
_GOOD = (Send.State.SENT, Send.State.DELIVERED, Send.State.READ)


class SendingView(IntegrationView):
    """A view that sends."""

    http_method_names = ["post"]
    parser_classes = (MessageJSON,)

    def send(self, request: Request, integration: Integration, params: Mapping[str, Any], action: str = "") -> Response:
        """Store the send, and answer how it is. Raises what request_send raises."""
        wait = read_query(request, WaitQuery)["wait"]
        send, is_new = request_send(integration, params, source=Send.Source.API, action=action, key=_key(request))
        response = outcome(settled(self.client_id, send.pk, wait))
        if not is_new:
            response[REPLAYED] = "true"
        return response


def outcome(send: Send) -> Response:
    """The answer about a send. Raises Refused for one that failed, or of which nobody knows."""
    if send.state in (Send.State.FAILED, Send.State.UNKNOWN):
        code = send.error_code or str(send.state)
        raise refused(answer_to(code), code=code, message_id=str(send.pk))
    status = 200 if send.state in _GOOD else 202
    shown = {"message_id": str(send.pk), "status": send.state, "sent_at": send.sent_at}
    return Response({"success": True, **shown}, status=status)


def sending(summary: str, body: Any) -> Callable[[Method], Method]:
    """The description of a method that sends."""
    on_its_way = _answer("MessageQueuedAnswer", "It is on its way: `queued` or `sending`.")
    return described(
        summary,
        _answer("MessageSentAnswer", "It was sent: `sent`, `delivered` or `read`."),
        tag=TAG_INTEGRATIONS,
        body=body,
        query=WaitQuery,
        headers=(IDEMPOTENCY,),
        also={202: on_its_way},
        errors=(404, 409, 502, 503),
    )


@cache
def _answer(name: str, status: str) -> Any:
    return inline_serializer(
        name,
        {
            "success": serializers.BooleanField(help_text="Always true."),
            "message_id": Id("The send's id; the vendor's is its `vendor_id`."),
            "status": Text(status),
            "sent_at": Moment("When the vendor accepted it; null before.", null=True),
        },
    )


def _key(request: Request) -> str | None:
    """The caller's idempotency key. Raises ValidationError."""
    key: str | None = request.headers.get(KEY_HEADER)
    if key is not None and not re.fullmatch(KEY_FORM, key):
        raise ValidationError({KEY_HEADER: [_("1 to 255 printable characters.")]})
    return key
