"""Send webhooks to a running server, many at once, and report the answer to each."""

import json
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlsplit

import requests

from lib.http import LOOPBACK
from lib.transport import new_session

# Seconds to wait for an answer. Pluggy waits five.
ANSWER_SECONDS = 10.0

Webhook = tuple[str, Mapping[str, object]]
"""The id of the event, and the body."""


@dataclass(frozen=True)
class WebhookAnswer:
    """The answer to one webhook. `status` is 0 without an answer; `outcome` is the server's, or the error's name."""

    event_id: str
    status: int
    outcome: str
    seconds: float

    @property
    def stored(self) -> bool:
        """Whether the server has stored the event."""
        return self.status == 200 and self.outcome in ("accepted", "duplicate")


@dataclass(frozen=True)
class Summary:
    """How many answers of each kind there were, and how many milliseconds they took."""

    accepted: int
    duplicates: int
    errors: int
    p50_ms: float
    p99_ms: float
    max_ms: float


class Sender:
    """Posts webhooks to one address. Each thread has its own connection. It follows no redirect."""

    def __init__(self, url: str, headers: Callable[[bytes], dict[str, str]]) -> None:
        self._url, self._headers = url, headers
        self._loopback = is_loopback(url)
        self._local = threading.local()

    def send(self, webhook: Webhook) -> WebhookAnswer:
        """Post one webhook. A network error becomes a WebhookAnswer with status 0."""
        event_id, body = webhook
        raw = json.dumps(body).encode()
        began = time.perf_counter()
        try:
            answer = self._session().post(
                self._url, raw, headers=self._headers(raw), timeout=(3, ANSWER_SECONDS), allow_redirects=False
            )
        except (requests.RequestException, TimeoutError) as error:
            return WebhookAnswer(event_id, 0, type(error).__name__, time.perf_counter() - began)
        return WebhookAnswer(event_id, answer.status_code, _word(answer), time.perf_counter() - began)

    def send_all(self, webhooks: Iterable[Webhook], concurrency: int) -> Iterator[WebhookAnswer]:
        """Post the first webhook alone. If it is answered, post the others, `concurrency` at a time."""
        webhooks = iter(webhooks)
        for webhook in islice(webhooks, 1):
            first = self.send(webhook)
            yield first
            if first.status == 0:
                return
        with ThreadPoolExecutor(concurrency) as pool:
            yield from pool.map(self.send, webhooks)

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = new_session(ANSWER_SECONDS, loopback=self._loopback)
        session: requests.Session = self._local.session
        return session


def _word(answer: requests.Response) -> str:
    """`status` or `error` of the answer's JSON. Any other answer does not come from Ponte."""
    try:
        content = answer.json()
        return str(content.get("status") or content["error"])[:80]
    except (ValueError, KeyError, AttributeError):
        return "the answer is not from Ponte"


def is_loopback(url: str) -> bool:
    """Whether `url` is on this machine."""
    return urlsplit(url).hostname in LOOPBACK


def summarise(answers: Sequence[WebhookAnswer]) -> Summary:
    """Summarise at least one answer."""
    outcomes = [answer.outcome if answer.stored else "error" for answer in answers]
    milliseconds = sorted(answer.seconds * 1000 for answer in answers)
    return Summary(
        accepted=outcomes.count("accepted"),
        duplicates=outcomes.count("duplicate"),
        errors=outcomes.count("error"),
        p50_ms=round(_percentile(milliseconds, 0.50), 1),
        p99_ms=round(_percentile(milliseconds, 0.99), 1),
        max_ms=round(milliseconds[-1], 1),
    )


def _percentile(ordered: Sequence[float], share: float) -> float:
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
