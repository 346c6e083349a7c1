"""The webhooks of `scripts/bench send`: WhatsApp messages in turns with a bank's webhooks of the same size."""

import json
import sys
import uuid
from collections.abc import Iterator, Sequence
from itertools import islice

from bench_incoming import Messages
from bench_ingest import CONNECTIONS, PATH, SECRET
from load import PATIENCE, Result, flood, post

ROUNDS = 4
# One in so many comes first, and is not measured.
WARM = 20
TURN_SECONDS = PATIENCE - 10.0


def flood_in_turns(port: int, addresses: list[str], messages: int) -> dict[str, float]:
    """Post each message once, and as many webhooks of a bank. Ends the measurement if one is not stored."""
    ours = list(islice(iter(Messages(addresses)), messages))
    theirs = list(from_the_bank(ours))
    results: tuple[list[Result], list[Result]] = ([], [])
    parts = [slice(messages // WARM), *(slice(messages // WARM + turn, None, ROUNDS) for turn in range(ROUNDS))]
    for part in parts:
        for requests, done in zip((ours, theirs), results, strict=True):
            done.append(stored(port, requests[part]))
    # The first part was for processes that had just started.
    own, bank = (rate(done[1:]) for done in results)
    return {
        "incoming_per_s": round(own),
        "bank_webhooks_per_s": round(bank),
        "incoming_ratio": round(own / bank, 3),
    }


def stored(port: int, requests: list[bytes]) -> Result:
    """Post them all. Ends the measurement if one is not stored."""
    result = flood(port, iter(requests), CONNECTIONS, TURN_SECONDS)
    if result.statuses[200] != len(requests):
        sys.exit(f"bench: webhooks were answered {dict(result.statuses)}: see .local/bench-send-web.log")
    return result


def from_the_bank(like: Sequence[bytes]) -> Iterator[bytes]:
    """As many, each as long as one of these requests."""
    for request in like:
        room = len(request.partition(b"\r\n\r\n")[2]) - len(_event(""))
        yield post(PATH, _event("x" * max(0, room)), {"Authorization": f"Bearer {SECRET}"})


def _event(filling: str) -> bytes:
    item = str(uuid.uuid4())
    event = {"event": "item/updated", "eventId": str(uuid.uuid4()), "itemId": item, "id": item, "filling": filling}
    return json.dumps(event).encode()


def rate(results: Sequence[Result]) -> float:
    return sum(result.answers for result in results) / sum(result.seconds for result in results)
