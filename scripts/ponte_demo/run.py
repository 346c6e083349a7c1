"""One run from start to end: servers, migrations, processes, the story, and the end of all of them."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import make_env
from ponte_demo import commands, emulators, environment, guard, leftovers
from ponte_demo.bank import answers
from ponte_demo.environment import Ports
from ponte_demo.group import Group, stop_own_group
from ponte_demo.show import Show

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 60.0
BY_HAND = (
    "open the address and connect Pluggy Bank (user user-ok, password password-ok), and watch its data arrive",
    "look at an account, a card's bills and a transaction, write a note; then Transactions, Download",
    "break the connection (open it, Connect again, a wrong password), and repair it with the right one",
    "Integrations: test one, send a message by WhatsApp or mail, and see it arrive at the phone or the mail above",
    "write as a contact on the phone's page, and answer in Conversations; write SAIR, and look at the contact",
)


@dataclass(frozen=True)
class Options:
    """`dev`: reload code and show logs. `real`: the caller's Pluggy account, no story. `fresh`: delete old data."""

    once: bool = False
    as_json: bool = False
    dev: bool = False
    real: bool = False
    fresh: bool = False


class Stopped(Exception):
    """The run cannot continue. The message says why."""


@dataclass
class Run:
    """`started`: when the user ran the command, as time.time()."""

    options: Options
    folder: Path
    mark: str
    show: Show
    started: float
    ports: Ports = field(default_factory=environment.choose_ports)
    login: dict[str, str] = field(default_factory=dict)
    figures: dict[str, Any] | None = None
    environment: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    failure: str = ""

    def go(self, servers: Mapping[str, str]) -> None:
        """Blocks until the run ends. Raises Stopped, with the reason, if it fails."""
        if not (self.folder / "env").exists():
            make_env.write(self.folder / "env")
        self._migrate(self._environment(servers))
        self.ports = environment.choose_ports()  # late, so that no other program takes them meanwhile
        if self.ports.web != environment.USUAL_PORT:
            taken = f"port {environment.USUAL_PORT} is taken by another program"
            self.show.say(f"{taken}: the web server listens on port {self.ports.web}")
        env = self.environment = self._environment(servers)
        if self.options.real:
            self.login = self._create_login(env)
        # The story starts now: it loads while the web server does.
        story = None if self.options.real else self._begin_story(env)
        group = self._group(env)
        teller = threading.Thread(target=self._tell, args=(story, group), daemon=True)
        try:
            environment.write_ports(self.folder, self.ports)
            group.run(then=teller.start)
        finally:
            environment.forget_ports(self.folder)
            leftovers.end(self.mark)
            remove_temporary(self.folder)
            self.show.end_bars()
        self._judge(group)

    def _environment(self, servers: Mapping[str, str]) -> dict[str, str]:
        env = environment.build(servers, self.folder / "env", self.ports, real=self.options.real)
        return {**env, "TMPDIR": str(self.folder / "tmp")}

    def _migrate(self, env: Mapping[str, str]) -> None:
        done = subprocess.run(
            commands.migrations(ROOT), cwd=ROOT, env=dict(env), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Stopped(f"the database migrations failed: {last_line(done.stderr)}")

    def _create_login(self, env: Mapping[str, str]) -> dict[str, str]:
        command = [sys.executable, "-m", "ponte_demo.login"]
        done = subprocess.run(command, env=dict(env), capture_output=True, text=True, check=False)
        if done.returncode:
            raise Stopped(f"the login could not be created: {last_line(done.stderr)}")
        login: dict[str, str] = json.loads(done.stdout)["login"]
        return login

    def _group(self, env: Mapping[str, str]) -> Group:
        log = self.folder / "demo.log"
        output = sys.stderr if self.options.dev else log.open("w", buffering=1)
        group = Group(output)
        wanted = commands.from_procfile(ROOT, reload=self.options.dev)
        if not self.options.real:
            others = commands.other_emulators(self.ports)
            wanted = {"sandbox": commands.sandbox(self.ports), "emulators": others, **wanted}
        group.add(wanted, env, ROOT)
        return group

    def _tell(self, story: subprocess.Popen[str] | None, group: Group) -> None:
        """Runs in a thread, because honcho handles signals in the main thread."""
        try:
            ready = self._wait_for_web()
            if story:
                self._follow(story, ready)
            self._after_story()
        except (Stopped, SystemExit) as reason:  # rich exits when the reader of our output has gone
            if not group.ending:  # else it failed because the run is ending
                log = "" if self.options.dev else f" (log: {self.folder / 'demo.log'})"
                self.failure = f"{reason}{log}"
                stop_own_group()

    def _wait_for_web(self) -> float:
        """Seconds from the user's command to the web server's first answer."""
        deadline = time.monotonic() + READY_SECONDS
        while not answers(f"{self.ports.web_url}/health/live"):
            if time.monotonic() > deadline:
                raise Stopped(f"the web server did not answer within {READY_SECONDS:.0f} s")
            time.sleep(0.02)
        return round(time.time() - self.started, 2)

    def _begin_story(self, env: Mapping[str, str]) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "ponte_demo.story", json.dumps(self.ports.emulators)]
        with (self.folder / "story.log").open("w") as errors:
            return subprocess.Popen(
                command, env=dict(env), stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True
            )

    def _follow(self, story: subprocess.Popen[str], ready: float) -> None:
        for line in story.stdout or ():
            self._read(json.loads(line))
        if story.wait() or self.figures is None:
            raise Stopped(self.reason or last_line((self.folder / "story.log").read_text()))
        self.figures["seconds"] = {"ready": ready, **self.figures["seconds"]}

    def _read(self, line: dict[str, Any]) -> None:
        self.login = line.get("login", self.login)
        self.figures = line.get("figures", self.figures)
        self.reason = line.get("failed", self.reason)
        if "say" in line:
            self.show.say(line["say"])
        if "bars" in line:
            self.show.bars(line["bars"])

    def _walk(self) -> None:
        """Use the demo in a browser, if there is one. Raises Stopped only if the browser itself fails."""
        if not (self.figures and self.options.once):
            return
        self.show.say("Chromium uses the pages as you can, and then opens a page of every kind")
        command = [sys.executable, "-m", "ponte_demo.walk", self.login["address"]]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        for line in done.stderr.splitlines():
            self.show.say(line)
        if done.returncode:
            raise Stopped(f"the pages could not be walked: {last_line(done.stderr)}")
        self.figures["pages"] = json.loads(done.stdout)

    def have_pages_failed(self) -> bool:
        """Whether Chromium met an error."""
        pages = (self.figures or {}).get("pages") or {}
        return bool(pages.get("errors") or pages.get("console_errors"))

    def _after_story(self) -> None:
        self._walk()
        if self.figures:
            self.show.end_bars()
            if not self.options.as_json:
                self.show.result(self.figures)
        if self.options.once:
            stop_own_group()
        else:
            self.show.addresses(self._addresses())
            self._show_emulators()
        if not self.options.as_json:
            self.show.steps(self._next_steps())

    def _addresses(self) -> dict[str, str]:
        """The one address to open, and what else is needed later."""
        once = "" if self.options.real else "   (signs you in; works once, within an hour)"
        lines = {
            "open": f"{self.login['address']}{once}",
            "login": f"{self.login['user']}   password (shown only now): {self.login['password']}",
        }
        if not self.options.dev:
            lines["logs"] = str(self.folder / "demo.log")
        return lines

    def _show_emulators(self) -> None:
        if not self.options.real:
            self.show.lines(
                "To connect WhatsApp, mail, a database… yourself", emulators.to_connect(self.ports.emulators)
            )
            self.show.lines("To see what arrives, and to answer", emulators.to_look_at(self.ports.emulators))

    def _next_steps(self) -> list[str]:
        """What to do now. The commands need another terminal while the demo runs."""
        if self.options.real:
            subscribe = "./scripts/manage register_webhooks, with the same variables: Pluggy then sends to PUBLIC_URL"
            return [subscribe, "create a client and a membership in the admin", "connect a bank: see docs/pluggy.md"]
        own = 'use your own account: see "Going live with Pluggy" in README.md'
        if self.options.once:
            return ["./scripts/demo: the same, and it keeps running", "./scripts/manage help: all commands", own]
        send = f"./scripts/manage test_webhook --url {self.ports.web_url}: send a webhook yourself"
        return [*BY_HAND, f"{send} (in another terminal)", own]

    def _judge(self, group: Group) -> None:
        if self.failure:
            raise Stopped(self.failure)
        if group.exited:
            names = ", ".join(f"{name} (exit code {code})" for name, code in group.exited.items())
            raise Stopped(f"a process ended by itself: {names}: see {self.folder / 'demo.log'}")
        if self.options.once and self.figures is None:
            raise Stopped("interrupted")


def prepare(folder: Path, mark: str) -> None:
    """End leftovers of an earlier run in this folder, and start a guard for this one."""
    leftovers.end(leftovers.of_folder(folder))
    remove_temporary(folder)
    (folder / "tmp").mkdir(mode=0o700)
    guard.start(folder, mark)


def remove_temporary(folder: Path) -> None:
    """Delete the temporary files of a run: a worker that is killed leaves some."""
    shutil.rmtree(folder / "tmp", ignore_errors=True)


def last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else f"it printed no reason (process {os.getpid()})"
