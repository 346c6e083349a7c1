"""Fixtures for tests in a real browser: the running stack, people who use it, and pages of Chromium.

A process starts the stack at its first browser test and keeps it until its last. A test has the whole database, which
is emptied after it, so it makes its own people. Nothing here waits for a fixed time: Playwright waits for what a test
names (`page.get_by_role(…).click()`, `expect(…).to_be_visible()`).
"""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

import chromium
from browser import stack as parts
from browser.mail import Mail
from browser.stack import Stack
from browser.watch import Watch
from plugfn.testing.emulator import Emulator

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / ".local" / "browser"
# Three processes share two cores.
PATIENCE_MS = 20_000
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
WCAG_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
PASSWORD = "a-password-for-browser-tests-alone"


@dataclass(frozen=True)
class Person:
    """A user, their membership and client, and the cookie of a session of theirs."""

    user: Any
    membership: Any
    cookie: dict[str, str]

    @property
    def client(self) -> Any:
        return self.membership.client


@pytest.fixture(scope="package")
def stack(
    own_stores: dict[str, str],
    processes_in: Callable[..., Any],
    wait_until: Callable[..., None],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    """The web server, a worker and the bank, for all browser tests of this process."""
    from apps.banking.conftest import Bank

    bank, mail = Bank(parts.SPEED), Mail()
    url, github = (f"http://127.0.0.1:{parts.free_port()}" for _ in range(2))
    environment = parts.environment({**os.environ, **own_stores}, url, github, bank, mail)
    with processes_in(environment, tmp_path_factory.mktemp("stack")) as start:
        yield parts.begin(url, github, bank, mail, start, wait_until)
    bank.stop()
    mail.stop()


@pytest.fixture
def live(stack: Stack, transactional_db: None, settings: Any, wait_until: Callable[..., None]) -> Iterator[Stack]:
    """The stack, with an empty database. At the end of the test nothing works on its rows any more."""
    from django.core.management import call_command

    from browser.idle import is_idle

    settings.PUBLIC_URL, settings.PLUGGY_API_URL = stack.url, stack.bank.url
    settings.PLUGGY_CLIENT_ID, settings.PLUGGY_CLIENT_SECRET = parts.CLIENT_ID, parts.CLIENT_SECRET
    stack.bank.reset()
    stack.mail.reset()
    call_command("register_webhooks", "--allow-http", stdout=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    yield stack
    stack.bank.reset()
    with suppress(AssertionError):  # an event that is never done is deleted with the others
        wait_until(is_idle, 15)


@pytest.fixture
def bank(live: Stack) -> Any:
    """The bank of the stack: `connect`, `evolve`, `fail`, `fault`… (apps/banking/conftest.py). It sends webhooks."""
    return live.bank


@pytest.fixture
def github(live: Stack) -> Iterator[Emulator]:
    """GitHub's emulator, where ana is signed in."""
    emulator = Emulator("github", "--port", live.github.rpartition(":")[2])
    emulator.control("POST", "/switches", {"auto_approve": "ana"})
    yield emulator
    emulator.stop()


@pytest.fixture
def mail(live: Stack) -> Mail:
    """The mails that the stack sends: `mail.link("ana@example.com", "/account/")`."""
    return live.mail


@pytest.fixture
def sweep(live: Stack) -> Callable[[], int]:
    """Ring for every due event, as beat does every ten seconds. Webhooks ring by themselves."""
    from apps.events.ring import ring

    return ring


@pytest.fixture
def settled(live: Stack, sweep: Callable[[], int], wait_until: Callable[..., None]) -> Callable[[], None]:
    """Wait until the worker has finished every event that is due."""
    from browser.idle import is_idle

    def look() -> bool:
        sweep()
        return is_idle()

    return lambda: wait_until(look, 60, "the end of all due events")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A Chromium. Without one every test fails with the command that installs it."""
    program = chromium.find_or_fail()
    with sync_playwright() as playwright:
        # Its event loop counts as running in this thread, where Django would refuse every query.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        started = playwright.chromium.launch(executable_path=program, args=chromium.options(), timeout=120_000)
        yield started
        started.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def watch() -> Watch:
    """What goes wrong in the pages. A test says what it causes itself: `watch.allow("404 .*/gone/")`."""
    return Watch()


@pytest.fixture
def open_page(
    browser: Browser, live: Stack, watch: Watch, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Page]]:
    """A page in a context of its own: `open_page(person, viewport=PHONE, color_scheme="dark", locale="en")`."""
    contexts: list[BrowserContext] = []
    expect.set_options(timeout=PATIENCE_MS)

    def begin(person: Person | None = None, **options: Any) -> Page:
        usual = {
            "locale": "pt-BR",
            "timezone_id": "America/Sao_Paulo",
            "viewport": DESKTOP,
            "base_url": live.url,
            # Without a graphics card, drawing what moves takes a third of the processor time of all browser tests.
            "reduced_motion": "reduce",
        }
        context = browser.new_context(**{**usual, **options})
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        context.on("page", watch.follow)
        if person:
            context.add_cookies([{**person.cookie, "url": live.url}])
        return context.new_page()

    yield begin
    if getattr(request.node, "failed", False):
        _keep_pictures(contexts, request.node.name, live)
    for context in contexts:
        context.close()
    if problems := watch.unexpected():
        pytest.fail("\n".join(["unexpected in the pages:", *problems]), pytrace=False)


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """A page of somebody who is not signed in."""
    return open_page()


@pytest.fixture
def make_person(live: Stack) -> Callable[..., Person]:
    """Makes a user with a client of their own, or with a `role` in another `client`. `staff`: sees the admin."""
    from apps.clients.factories import ClientFactory, MembershipFactory, UserFactory

    def make(name: str = "", client: Any = None, role: str = "owner", *, staff: bool = False) -> Person:
        name = name or f"person-{secrets.token_hex(4)}"
        user = UserFactory(username=name, email=f"{name}@example.com", is_staff=staff, is_superuser=staff)
        user.set_password(PASSWORD)
        user.save()
        membership = MembershipFactory(user=user, client=client or ClientFactory(name=f"de {name}"), role=role)
        return Person(user, membership, {"name": "sessionid", "value": _session_of(user)})

    return make


@pytest.fixture
def person(make_person: Callable[..., Person]) -> Person:
    """The owner of a client. Their password is PASSWORD."""
    return make_person("ana")


class Accessibility:
    """axe(page) fails if a page breaks a rule of WCAG 2 AA; axe.look(page) returns each rule and where."""

    def look(self, page: Page) -> list[str]:
        rules = {"runOnly": {"type": "tag", "values": WCAG_AA}, "resultTypes": ["violations"]}
        violations = Axe().run(page, options=rules).response["violations"]
        where = [(v, node["html"], node["failureSummary"]) for v in violations for node in v["nodes"]]
        return [f"{page.url}: {v['id']}: {v['help']}: {html} ({why})" for v, html, why in where]

    def __call__(self, page: Page) -> None:
        found = self.look(page)
        assert not found, "\n".join(found)


@pytest.fixture
def axe() -> Accessibility:
    """Checks a page with axe-core, which is injected into it."""
    return Accessibility()


@pytest.fixture
def screenshot() -> Callable[[Page, str], Path]:
    """Take a picture of a whole page, into .local/browser."""

    def take(page: Page, name: str) -> Path:
        PICTURES.mkdir(parents=True, exist_ok=True)
        file = PICTURES / f"{name}.png"
        page.screenshot(path=file, full_page=True)
        return file

    return take


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if report.when == "call":
        item.failed = report.failed  # type: ignore[attr-defined]
    return report


def _session_of(user: Any) -> str:
    from django.conf import settings
    from django.contrib.auth import login
    from django.contrib.sessions.backends.db import SessionStore
    from django.http import HttpRequest

    request = HttpRequest()
    request.session = SessionStore()
    login(request, user, settings.AUTHENTICATION_BACKENDS[0])
    request.session.save()
    return str(request.session.session_key)


def _keep_pictures(contexts: list[BrowserContext], name: str, live: Stack) -> None:
    """What a failed test saw, and what the processes logged."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    plain = "".join(letter if letter.isalnum() else "-" for letter in name)
    for number, page in enumerate(page for context in contexts for page in context.pages):
        with suppress(Exception):
            page.screenshot(path=PICTURES / f"failed-{plain}-{number}.png", full_page=True)
    (PICTURES / f"failed-{plain}.log").write_text(live.logs())
