"""A tour of PlugFn in the terminal, step by step.

    python examples/console.py                                  starts an emulated GitHub: no account needed
    python examples/console.py --sandbox http://127.0.0.1:4000  uses one that is running (or set PLUGFN_SANDBOX)
    python examples/console.py --real --repo OWNER/NAME         the real GitHub: opens one issue there

The emulated GitHub is `python -m sandbox.github` of this repository. For the real one, create an OAuth application with
the callback URL http://127.0.0.1:8700/oauth/github/callback, and set GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET in the
environment. The data is in memory unless you set PLUGFN_DATABASE and PLUGFN_ENCRYPTION_KEY. The last step disconnects
everything.
"""
# ruff: noqa: T201 - it is a program for a terminal

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import httpx2

from plugfn import BatchCall, Connection, Inbound, PlugFn, PlugFnError, Progress, new_key
from plugfn.providers import github_provider, http_provider
from plugfn.providers.github.webhooks import signature
from plugfn.testing.emulator import Emulator
from plugfn.testing.vendor import FakeVendor
from plugfn.webhooks.standard import new_secret

USER = "ana"
WEBHOOK_SECRET = uuid4().hex
SANDBOX_APP = {"client_id": "Iv1.sandbox0000000001", "client_secret": "github_sandbox_only"}

Visit = Callable[[str], Awaitable[dict[str, str]]]
"""Visits the vendor's page as the user, and returns the query of the callback."""


@dataclass
class Tour:
    """What the steps share."""

    plug: PlugFn
    visit: Visit
    owner: str
    repo: str
    receiver: FakeVendor

    @property
    def place(self) -> dict[str, str]:
        """The parameters that name the repository."""
        return {"owner": self.owner, "repo": self.repo}


async def connect_by_oauth(tour: Tour) -> Connection:
    """Connect at the vendor's page. A web application redirects its user there; the vendor redirects back to it."""
    url = await tour.plug.connections.authorization_url(USER, "github")
    connected = await tour.plug.connections.callback(USER, "github", await tour.visit(url))
    print(f"GitHub is connected as {connected.connection.label}.")
    return connected.connection


async def connect_with_credentials(tour: Tour) -> None:
    """Connect with typed-in credentials: here the address of a small webhook receiver in this program."""
    credentials = {"url": f"{tour.receiver.url}/in", "secret": new_secret()}
    made = await tour.plug.connections.create(USER, "http", credentials, label="a receiver", test=True)
    print(f"HTTP is connected as {made.label}, and tested.")


async def list_connections(tour: Tour) -> None:
    """List the user's connections."""
    for one in await tour.plug.connections.list(USER):
        print(f"{one.provider:8} {one.label:12} {one.status:8} {' '.join(one.scopes)}")


async def call(tour: Tour) -> None:
    """Read, write twice with one idempotency key, and make an invalid call."""
    repository = await tour.plug.github.repos.get(user_id=USER, params=tour.place)
    print(f"{repository.full_name}: {repository.open_issues_count} open issues")
    key = f"the-roof-{uuid4()}"
    for _ in range(2):
        issue = await tour.plug.github.issues.create(
            user_id=USER, params={**tour.place, "title": "The roof leaks"}, idempotency_key=key
        )
        print(f"issue {issue.number}: {issue.title}")
    try:
        await tour.plug.github.repos.get(user_id=USER, params={**tour.place, "repo": "no-such-house"})
    except PlugFnError as error:
        print(f"{type(error).__name__} ({error.code}), what next: {error.next}")


async def batch(tour: Tour) -> None:
    """Run twenty calls, at most five at once. One of them is invalid; the others still return their results."""
    calls = [BatchCall("github.repos.get", USER, tour.place) for _ in range(19)]
    calls.append(BatchCall("github.repos.get", USER, {**tour.place, "repo": "no-such-house"}))

    def tell(progress: Progress) -> None:
        if progress.done % 5 == 0:
            print(f"{progress.done} of {progress.total}, {progress.failed} failed")

    results = await tour.plug.batch(calls, concurrency=5, on_progress=tell)
    for result in results:
        if result.error is not None:
            print(f"call {result.index}: {result.error.code}")


async def workflow(tour: Tour) -> None:
    """Create a workflow that tells the receiver about new bug reports. A dry run comes first and sends nothing."""
    spec = {
        "name": "Report bugs",
        "trigger": {"provider": "github", "event": "issues.opened"},
        "conditions": {"field": "issue.title", "op": "contains", "value": "bug"},
        "steps": [
            {
                "id": "tell",
                "action": "http.webhooks.send",
                "params": {"type": "bug.found", "data": {"text": "{{ issue.title }}"}},
            }
        ],
    }
    dry = await tour.plug.workflows.dry_run(USER, spec, payload=payload(tour, 41, "A bug in the kitchen"))
    params = dry.steps[0].params or {}
    print(f"dry run: conditions hold: {dry.holds}, would send {params.get('data')}")
    made = await tour.plug.workflows.create(USER, spec)
    print(f"workflow {made.spec.name!r} is {made.status}")


async def webhooks(tour: Tour) -> None:
    """Receive deliveries like GitHub's: a forged one, a valid one, and the valid one again."""
    tour.plug.webhooks.on("github", "issues.opened", lambda event: print(f"opened: {event.payload['issue']['title']}"))
    repository = await tour.plug.github.repos.get(user_id=USER, params=tour.place)
    # Events reach the users who connected the repository owner's account. GitHub identifies it by its number.
    body = json.dumps(payload(tour, 42, "A bug in the roof", repository.owner.id)).encode()
    headers = {
        "content-type": "application/json",
        "x-github-event": "issues",
        "x-github-delivery": str(uuid4()),
        "x-hub-signature-256": signature(WEBHOOK_SECRET, body),
    }
    for name, sent in (
        ("forged", {**headers, "x-hub-signature-256": "sha256=0"}),
        ("first", headers),
        ("again", headers),
    ):
        receipt = await tour.plug.webhooks.receive("github", Inbound(body, sent))
        print(f"{name}: {receipt.outcome}, answered {receipt.status}")
    await show_run(tour)


async def show_run(tour: Tour) -> None:
    """Show the workflow run that the delivery started."""
    if not await tour.plug.workflows.runs(USER):
        print("no workflow run: the repository belongs to another account than the connected one")
        return
    while (run := (await tour.plug.workflows.runs(USER))[0]).status in ("pending", "running"):
        await asyncio.sleep(0.05)
    print(f"workflow run: {run.status}, {', '.join(f'{step.id} {step.status}' for step in run.steps)}")
    print(f"the receiver was sent {tour.receiver.asked[-1].json['data']}")


async def metrics(tour: Tour) -> None:
    """Show the metrics of this process and the newest rows of the action log."""
    for one in tour.plug.metrics.all():
        p95 = one.latency_ms["p95"]
        print(f"{one.action:24} {one.attempts:3} attempts, {one.success_rate:.0%} succeeded, p95 {p95:.0f} ms")
    for row in await tour.plug.store.logs(user_id=USER, limit=3):
        print(f"{row.source:8} {row.provider}.{row.action}: {row.outcome} {row.code}")


async def clear_up(tour: Tour) -> None:
    """Delete the workflow and the connections, and revoke the grants if the vendor supports that."""
    for made in await tour.plug.workflows.list(USER):
        await tour.plug.workflows.delete(made.id, USER)
    for one in await tour.plug.connections.list(USER):
        print(f"{one.provider}: {await tour.plug.connections.disconnect(one.id, USER)}")


STEPS = (
    connect_by_oauth,
    connect_with_credentials,
    list_connections,
    call,
    batch,
    workflow,
    webhooks,
    metrics,
    clear_up,
)


def payload(tour: Tour, number: int, title: str, owner_id: int = 1) -> dict[str, object]:
    """GitHub's payload for a new issue, with the fields that matter here."""
    owner = {"login": tour.owner, "id": owner_id}
    repository = {"id": 1, "name": tour.repo, "full_name": f"{tour.owner}/{tour.repo}", "private": False}
    address = f"https://github.com/{tour.owner}/{tour.repo}"
    issue = {"id": number, "number": number, "title": title, "state": "open", "html_url": f"{address}/issues/{number}"}
    return {
        "action": "opened",
        "issue": issue,
        "repository": {**repository, "html_url": address, "owner": owner},
        "sender": owner,
    }


async def visit_sandbox(url: str) -> dict[str, str]:
    """Press "Authorize" on the emulator's page, as its user ana."""
    asked = dict(parse_qsl(urlsplit(url).query))
    async with httpx2.AsyncClient(trust_env=False) as browser:
        answer = await browser.post(url.partition("?")[0], data={**asked, "login": USER, "authorize": "1"})
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


async def visit_by_hand(url: str) -> dict[str, str]:
    """Let a person visit the page. No server runs at the callback URL, so the person copies the URL back here."""
    print(f"Open this page and allow access:\n\n{url}\n")
    back = await asyncio.to_thread(input, "Your browser then shows a page that does not load. Paste its address here: ")
    return dict(parse_qsl(urlsplit(back.strip()).query))


def plug_for(sandbox: str) -> PlugFn:
    """A PlugFn for the emulated GitHub at `sandbox`, or for the real one if `sandbox` is empty."""
    if sandbox:
        urls = {"authorize_url": f"{sandbox}/login/oauth/authorize", "token_url": f"{sandbox}/login/oauth/access_token"}
        github = {**SANDBOX_APP, **urls, "api_url": sandbox}
    else:
        github = {"client_id": os.environ["GITHUB_CLIENT_ID"], "client_secret": os.environ["GITHUB_CLIENT_SECRET"]}
    plug = PlugFn(
        database=os.environ.get("PLUGFN_DATABASE", "memory://"),
        encryption_key=os.environ.get("PLUGFN_ENCRYPTION_KEY") or new_key(),
        base_url="http://127.0.0.1:8700",
        integrations={"github": {**github, "webhook_secrets": [WEBHOOK_SECRET]}, "http": {"allow_http": True}},
        # The receiver and the emulator run on this machine. Without this setting, PlugFn refuses its addresses.
        allowed_networks=("127.0.0.0/8",),
    )
    plug.providers.register(github_provider, http_provider)
    return plug


async def go(sandbox: str, owner: str, repo: str) -> None:
    """Run all steps."""
    async with FakeVendor() as receiver, plug_for(sandbox) as plug:
        receiver.answers("POST /in", status=204)
        tour = Tour(plug, visit_sandbox if sandbox else visit_by_hand, owner, repo, receiver)
        for number, step in enumerate(STEPS, 1):
            print(f"\n{number}. {step.__name__.replace('_', ' ').capitalize()}")
            await step(tour)


class NoSandbox(Exception):
    """No emulated GitHub can be used."""


@contextmanager
def emulated(url: str) -> Iterator[str]:
    """The URL of the emulated GitHub: `url`, or a new one started here."""
    if url:
        yield url.rstrip("/")
        return
    try:
        emulator = Emulator("github")
    except RuntimeError:
        raise NoSandbox("it cannot be started here, use --sandbox URL") from None
    try:
        yield emulator.url
    finally:
        emulator.stop()


def arguments() -> argparse.Namespace:
    """The arguments of the command line."""
    parser = argparse.ArgumentParser(description="A tour of PlugFn, step by step.")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--sandbox", metavar="URL", help="use an emulated GitHub that is already running")
    which.add_argument("--real", action="store_true", help="use the real GitHub")
    parser.add_argument("--repo", metavar="OWNER/NAME", help="where to open an issue (emulator: ana/loja)")
    given = parser.parse_args()
    if given.real and not (given.repo and {"GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET"} <= os.environ.keys()):
        parser.error("--real needs --repo OWNER/NAME, and GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET in the environment")
    return given


def main() -> int:
    """The exit status: 0, or 1 when a step failed."""
    given = arguments()
    owner, _, repo = (given.repo or "ana/loja").partition("/")
    try:
        if given.real:
            asyncio.run(go("", owner, repo))
        else:
            with emulated(given.sandbox or os.environ.get("PLUGFN_SANDBOX", "")) as sandbox:
                asyncio.run(go(sandbox, owner, repo))
    except PlugFnError as error:
        print(f"{type(error).__name__}: {error.message} What next: {error.next}", file=sys.stderr)
        return 1
    except (httpx2.HTTPError, NoSandbox) as error:
        print(f"The emulated GitHub does not answer: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
