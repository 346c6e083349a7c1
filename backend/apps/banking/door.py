"""The door: it authenticates an aggregator's webhook, commits its event, and answers within milliseconds.

200  stored now or before          401  no valid proof (the sender does not retry)     415  not JSON
400  not a notification            405  not a POST                                     503  not stored: try again
404  unknown aggregator            413  more than 256 KiB
An event with the answer 503 may still have been committed a moment too late; its redelivery is then a duplicate.
The answer never reveals whether an item exists here. The only query is the insert.
"""

import json
import logging
import time
from dataclasses import dataclass

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from prometheus_client import Histogram

from apps.banking.aggregators.contract import Aggregator, Application, Malformed
from apps.banking.aggregators.mailboxes import mailbox_of, vendor_of
from apps.banking.aggregators.registry import AGGREGATORS, aggregator
from apps.events.accept import Incoming, Refused, Unavailable, accept
from lib.combiner import Combiner

logger = logging.getLogger(__name__)

BODY_LIMIT = 256 * 1024

ANSWERS = Histogram(
    "ponte_webhook_seconds",
    "Webhooks answered, by outcome: how many, and seconds from the first byte read to the answer.",
    ["outcome"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to the sender. Its body is `detail`, or else `outcome`; the log contains `outcome` and `event`."""

    status: int
    outcome: str
    event: str = "-"
    detail: str = ""


class TooLarge(Exception):
    """The body is longer than BODY_LIMIT."""


@csrf_exempt
def receive(request: HttpRequest, name: str, token: str | None = None) -> HttpResponse:
    """POST /api/banking/webhooks/<aggregator>/ and, for single items, …/<aggregator>/<token>/."""
    if name not in AGGREGATORS:
        raise Http404
    started = time.perf_counter()
    answer = _answer(request, aggregator(name), token)
    seconds = time.perf_counter() - started
    _measured.put((answer.outcome, seconds))
    _log(answer, seconds)
    key = "status" if answer.status == 200 else "error"
    content = json.dumps({key: answer.detail or answer.outcome})
    response = HttpResponse(content, status=answer.status, content_type="application/json")
    # No middleware runs for this view, so nothing else sets the length, and the answer would be sent in chunks.
    response["Content-Length"] = str(len(content))
    if answer.status == 405:
        response["Allow"] = "POST"
    return response


def _measure(answers: list[tuple[str, float]]) -> None:
    for outcome, seconds in answers:
        ANSWERS.labels(outcome).observe(seconds)


_measured = Combiner(_measure)


def _answer(request: HttpRequest, definition: Aggregator, token: str | None) -> Answer:
    if request.method != "POST":
        return Answer(405, "method_not_allowed")
    if request.content_type != "application/json":
        return Answer(415, "not_json")
    try:
        body = read_body(request)
    except TooLarge:
        return Answer(413, "too_large")
    except (UnreadablePostError, OSError):
        return Answer(400, "incomplete")
    sender = _authenticate(request, body, definition, token)
    return sender if isinstance(sender, Answer) else _accept(body, definition, sender)


def read_body(request: HttpRequest) -> bytes:
    """The raw body, of at most BODY_LIMIT bytes. Raises TooLarge.

    Django treats a chunked request, which has no Content-Length, as empty. This function reads its stream directly if
    the server promises that the stream ends (`wsgi.input_terminated`).
    """
    length = request.META.get("CONTENT_LENGTH")
    if length and length.isdigit() and int(length) > BODY_LIMIT:
        raise TooLarge
    is_chunked = not length and request.META.get("wsgi.input_terminated")
    stream = request.META["wsgi.input"] if is_chunked else request
    body: bytes = stream.read(BODY_LIMIT + 1)
    if len(body) > BODY_LIMIT:
        raise TooLarge
    return body


def _authenticate(request: HttpRequest, body: bytes, definition: Aggregator, token: str | None) -> Application | Answer:
    """The application that owns this webhook, or a refusal. It asks all doors, so the time does not reveal which."""
    applications = definition.applications()
    doors = [(application, application.door) for application in applications]
    if proving := [application for application, door in doors if door.proves(request.META, body, token)]:
        return proving[0]
    if any(door.is_configured() for _, door in doors):
        return Answer(401, "unauthorized")
    if settings.DEBUG and applications:
        logger.warning("No webhook secret is set. Ponte accepts webhooks without proof, because DEBUG is on.")
        return applications[0]
    return Answer(503, "not_configured")


def _accept(body: bytes, definition: Aggregator, application: Application) -> Answer:
    try:
        notification = application.door.read(body)
    except Malformed as error:
        return Answer(400, "malformed", detail=str(error))
    mailbox = mailbox_of(definition.name, application.name, notification)
    source = vendor_of(definition.name, application.name)
    incoming = Incoming(source, notification.event_id, notification.kind, mailbox, body)
    try:
        return Answer(200, accept(incoming), notification.kind)
    except Refused:
        return Answer(400, "not_storable", notification.kind)
    except Unavailable:
        return Answer(503, "unavailable", notification.kind)


def _log(answer: Answer, seconds: float) -> None:
    milliseconds = round(seconds * 1000, 2)
    fields = {"event_kind": answer.event, "outcome": answer.outcome, "response_ms": milliseconds}
    if answer.status == 200:
        text = "Webhook %s accepted and queued for processing. Outcome: %s. Response time: %.2fms"
        logger.info(text, answer.event, answer.outcome, milliseconds, extra=fields)
    else:
        text = "Webhook refused with %d: %s. Response time: %.2fms"
        logger.warning(text, answer.status, answer.outcome, milliseconds, extra=fields)
