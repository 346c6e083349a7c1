"""The door: an aggregator's webhooks, authenticated, committed, and answered within milliseconds.

200  stored, or stored before          401  not proved (the sender does not retry)     415  not JSON
400  not a notification                405  not a POST                                 503  not durable now: try again
404  no such aggregator                413  more than 256 KiB
An event that is answered 503 may have been stored all the same, a moment too late: then its redelivery is a duplicate.
The answer never tells whether an item exists here, and no query but the insert runs.
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
    """What the sender is told (`detail`, where there is more to say than the outcome), and what the log says."""

    status: int
    outcome: str
    event: str = "-"
    detail: str = ""


class TooLarge(Exception):
    """The body goes on past the limit."""


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
    # Without middleware nobody else says how long it is, and it would go out in chunks.
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
    proved = _proved(request, body, definition, token)
    return proved if isinstance(proved, Answer) else _accept(body, definition, proved)


def read_body(request: HttpRequest) -> bytes:
    """The raw body, at most BODY_LIMIT bytes of it. Raises TooLarge.

    Django takes a chunked request, which has no Content-Length, for an empty one: its stream is read here directly,
    where the server promises (`wsgi.input_terminated`) that it ends.
    """
    length = request.META.get("CONTENT_LENGTH")
    if length and length.isdigit() and int(length) > BODY_LIMIT:
        raise TooLarge
    endless = not length and request.META.get("wsgi.input_terminated")
    stream = request.META["wsgi.input"] if endless else request
    body: bytes = stream.read(BODY_LIMIT + 1)
    if len(body) > BODY_LIMIT:
        raise TooLarge
    return body


def _proved(request: HttpRequest, body: bytes, definition: Aggregator, token: str | None) -> Application | Answer:
    """The application whose webhook this is, or the refusal. All are asked: the time taken does not tell which."""
    applications = definition.applications()
    doors = [(application, application.door) for application in applications]
    if proving := [application for application, door in doors if door.proves(request.META, body, token)]:
        return proving[0]
    if any(door.is_configured() for _, door in doors):
        return Answer(401, "unauthorized")
    if settings.DEBUG:
        logger.warning("No webhook secret is set: a webhook is believed without proof, because DEBUG is on.")
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
