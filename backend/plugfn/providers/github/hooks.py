"""Missed deliveries: GitHub delivers once and does not try again, but tells what failed and repeats it when asked.

A repetition carries the same X-GitHub-Delivery, so what had been handled after all is not handled twice. Only the last
three days can be repeated. Source: https://docs.github.com/rest/repos/webhooks and
https://docs.github.com/webhooks/using-webhooks/handling-failed-webhook-deliveries
"""

import re
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from pydantic import Field

from plugfn.definition import Call, OAuthTokens, Result
from plugfn.net.answer import Answer, read_as
from plugfn.net.vendor import quoted
from plugfn.providers.github.actions import RepoRef
from plugfn.providers.github.definition import provider
from plugfn.providers.github.models import Delivery

REPEATABLE = timedelta(days=3)
PAGE_SIZE = 100
MOST_PAGES = 20

Id = Annotated[int, Field(ge=1, le=2**63 - 1)]

_NEXT = re.compile(r'<([^<>]{1,2000})>;\s*rel="next"')


class HooksMissed(RepoRef):
    """Which repository's webhook to look at, and how far back."""

    hook_id: Id
    hours: Annotated[int, Field(ge=1, le=72)] = 72


class Missed(Result):
    """Events of which no delivery arrived, oldest first: the last attempt of each."""

    deliveries: list[Delivery]
    complete: bool
    """False when there were more deliveries than are read at once: what is listed may have arrived since."""


class HooksRedeliver(RepoRef):
    """Which delivery to repeat."""

    hook_id: Id
    delivery_id: Id


class Redelivered(Result):
    """GitHub will deliver it again, to the webhook's URL."""

    delivery_id: int


@provider.action("hooks.missed", summary="Lists events that no delivery brought.", safe=True, scopes=("repo",))
async def missed(call: Call[OAuthTokens], params: HooksMissed) -> Missed:
    """https://docs.github.com/rest/repos/webhooks#list-deliveries-for-a-repository-webhook"""
    since = datetime.now(UTC) - timedelta(hours=params.hours)
    found: list[Delivery] = []
    async for page in _pages(call, f"{params.path}/hooks/{quoted(params.hook_id)}/deliveries"):
        found += [one for one in page if one.delivered_at >= since]
        if not page or page[-1].delivered_at < since:
            return Missed(deliveries=never_arrived(found), complete=True)
    return Missed(deliveries=never_arrived(found), complete=False)


@provider.action("hooks.redeliver", summary="Asks GitHub to deliver an event again.", scopes=("repo",))
async def redeliver(call: Call[OAuthTokens], params: HooksRedeliver) -> Redelivered:
    """https://docs.github.com/rest/repos/webhooks#redeliver-a-delivery-for-a-repository-webhook"""
    deliveries = f"{params.path}/hooks/{quoted(params.hook_id)}/deliveries"
    await call.http.post(f"{deliveries}/{quoted(params.delivery_id)}/attempts")
    return Redelivered(delivery_id=params.delivery_id)


def never_arrived(newest_first: Iterable[Delivery]) -> list[Delivery]:
    """The last attempt of every event of which none was taken, oldest first."""
    last: dict[str, Delivery] = {}
    arrived: set[str] = set()
    for delivery in newest_first:
        last.setdefault(delivery.guid, delivery)
        if delivery.arrived:
            arrived.add(delivery.guid)
    return [delivery for guid, delivery in reversed(last.items()) if guid not in arrived]


async def _pages(call: Call[OAuthTokens], path: str) -> AsyncIterator[list[Delivery]]:
    """Pages, newest first; an empty one at the end, unless there are too many."""
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        answer = await call.http.get(path, params={"per_page": PAGE_SIZE, "cursor": cursor})
        yield [read_as(Delivery, one) for one in _listed(answer)]
        cursor = next_cursor(answer)
        if cursor is None:
            yield []
            return


def next_cursor(answer: Answer) -> str | None:
    """The cursor of the Link header's next page."""
    found = _NEXT.search(answer.headers.get("link", ""))
    return parse_qs(urlsplit(found[1]).query).get("cursor", [None])[0] if found else None


def _listed(answer: Answer) -> list[object]:
    found = answer.json()
    return found if isinstance(found, list) else [found]
