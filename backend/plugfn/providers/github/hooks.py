"""Missed deliveries: GitHub does not retry a failed delivery, but lists the failed ones and repeats one on request.

A repeated delivery has the same X-GitHub-Delivery, so an event that was already handled is not handled twice. GitHub
only repeats deliveries of the last three days. Source: https://docs.github.com/rest/repos/webhooks and
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

PAGE_SIZE = 100
MOST_PAGES = 20

Id = Annotated[int, Field(ge=1, le=2**63 - 1)]

_NEXT = re.compile(r'<([^<>]{1,2000})>;\s*rel="next"')


class HooksMissed(RepoRef):
    """Which webhook of a repository to look at, and how many hours back."""

    hook_id: Id
    hours: Annotated[int, Field(ge=1, le=72)] = 72


class Missed(Result):
    """The events that were never delivered: the last attempt of each, oldest first."""

    deliveries: list[Delivery]
    complete: bool
    """False if there were more deliveries than one call reads; then a listed event may have arrived in another one."""


class HooksRedeliver(RepoRef):
    """Which delivery to repeat."""

    hook_id: Id
    delivery_id: Id


class Redelivered(Result):
    """GitHub will send this delivery to the webhook's URL again."""

    delivery_id: int


@provider.action("hooks.missed", summary="Lists events that GitHub failed to deliver.", safe=True, scopes=("repo",))
async def missed(call: Call[OAuthTokens], params: HooksMissed) -> Missed:
    """https://docs.github.com/rest/repos/webhooks#list-deliveries-for-a-repository-webhook"""
    since = datetime.now(UTC) - timedelta(hours=params.hours)
    recent: list[Delivery] = []
    async for page in _pages(call, f"{params.path}/hooks/{quoted(params.hook_id)}/deliveries"):
        recent += [delivery for delivery in page if delivery.delivered_at >= since]
        if not page or page[-1].delivered_at < since:
            return Missed(deliveries=undelivered(recent), complete=True)
    return Missed(deliveries=undelivered(recent), complete=False)


@provider.action("hooks.redeliver", summary="Asks GitHub to deliver an event again.", scopes=("repo",))
async def redeliver(call: Call[OAuthTokens], params: HooksRedeliver) -> Redelivered:
    """https://docs.github.com/rest/repos/webhooks#redeliver-a-delivery-for-a-repository-webhook"""
    deliveries = f"{params.path}/hooks/{quoted(params.hook_id)}/deliveries"
    await call.http.post(f"{deliveries}/{quoted(params.delivery_id)}/attempts")
    return Redelivered(delivery_id=params.delivery_id)


def undelivered(newest_first: Iterable[Delivery]) -> list[Delivery]:
    """The last attempt of each event whose attempts all failed; oldest first."""
    last: dict[str, Delivery] = {}
    arrived: set[str] = set()
    for delivery in newest_first:
        last.setdefault(delivery.guid, delivery)
        if delivery.arrived:
            arrived.add(delivery.guid)
    return [delivery for guid, delivery in reversed(last.items()) if guid not in arrived]


async def _pages(call: Call[OAuthTokens], path: str) -> AsyncIterator[list[Delivery]]:
    """Pages of deliveries, newest first; the last page is empty, unless there are more than MOST_PAGES."""
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        answer = await call.http.get(path, params={"per_page": PAGE_SIZE, "cursor": cursor})
        yield [read_as(Delivery, row) for row in _listed(answer)]
        cursor = next_cursor(answer)
        if cursor is None:
            yield []
            return


def next_cursor(answer: Answer) -> str | None:
    """The cursor of the next page, from the Link header."""
    match = _NEXT.search(answer.headers.get("link", ""))
    return parse_qs(urlsplit(match[1]).query).get("cursor", [None])[0] if match else None


def _listed(answer: Answer) -> list[object]:
    document = answer.json()
    return document if isinstance(document, list) else [document]
