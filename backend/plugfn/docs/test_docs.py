"""Tests of the pages: links have targets, and commands, options, settings, extras and names exist."""

import re
import shlex
import tomllib
from functools import reduce
from importlib import import_module
from inspect import signature
from urllib.parse import urlsplit

import pytest
import typer

from plugfn.calls.idempotency import DAY
from plugfn.cli.app import app
from plugfn.cli.config import KEYS, plug_from
from plugfn.cli.output import MISCONFIGURED, STATUS
from plugfn.crypto import new_key
from plugfn.docs.markdown import Page
from plugfn.docs.pages import ROOT, page, pages
from plugfn.errors import Next
from plugfn.generate.reference import reference
from plugfn.oauth.pending import LIFETIME
from plugfn.plug import PlugFn
from plugfn.providers import BUILT_IN, load
from plugfn.resilience.retry import policy
from plugfn.tools.toolbox import ToolLimits
from plugfn.webhooks.hub import REMEMBERED

COMMANDS = typer.main.get_command(app).commands
OF_OTHERS = {"--help", "--sandbox", "--real", "--repo"}
"""Options of every command (--help), and of the console example, which has its own test."""
FILES = {"plugfn.toml", "plugfn.db"}
MADE_THERE = ("plug.weather.", "plug.providers.register(weather")
"""Names that the reader of the guide to creating a provider creates."""
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
MEANINGS = {
    Next.FIX_CALL: "change the call",
    Next.GIVE_UP: "the vendor refuses",
    Next.CHECK: "the request was sent and no answer came",
    Next.RETRY: "try again later",
    Next.RECONNECT: "connect the account again",
}

every_page = pytest.mark.parametrize("one", pages(), ids=lambda one: one.name)


def everything() -> PlugFn:
    """A PlugFn with every provider."""
    oauth = {"client_id": "id", "client_secret": "secret"}
    plug = PlugFn(encryption_key=new_key(), integrations={"github": oauth, "slack": oauth})
    plug.providers.register(*(load(name) for name in BUILT_IN))
    return plug


def local_links(one: Page) -> list[str]:
    return [link for link in one.links if not urlsplit(link).scheme]


def commands(one: Page) -> list[str]:
    """The command lines of PlugFn's own program."""
    return [line for line in one.commands("console") if line.startswith("plugfn ")]


def target(one: Page, link: str) -> tuple[Page, str]:
    path, _, anchor = link.partition("#")
    return (Page((one.path.parent / path).resolve(), ROOT) if path else one), anchor


@every_page
def test_every_link_has_a_target(one):
    for link in local_links(one):
        found, anchor = target(one, link)
        assert found.path.exists(), f"{one.name} leads to {link}"
        assert not anchor or anchor in found.anchors, f"{one.name} leads to {link}"


def test_every_page_is_reached_from_the_readme():
    waiting, seen = [page("README.md")], set()
    while waiting:
        one = waiting.pop()
        if one.path in seen or one.path.suffix != ".md":
            continue
        seen.add(one.path)
        waiting += [target(one, link)[0] for link in local_links(one)]
    assert {one.path for one in pages()} <= seen


@every_page
def test_every_command_exists_and_takes_its_arguments(one):
    for line in commands(one):
        _, name, *arguments = shlex.split(line.replace("…", ""))
        assert name in COMMANDS, f"{one.name}: {line}"
        if arguments:  # parsed, and not run
            COMMANDS[name].make_context(name, arguments)


@every_page
def test_every_option_exists(one):
    known = {option for command in COMMANDS.values() for parameter in command.params for option in parameter.opts}
    for code in one.spans:
        for option in re.findall(r"(?<!\S)--[\w-]+", code) if code.startswith("--") else ():
            assert option in known | OF_OTHERS, f"{one.name}: {option}"


def test_the_page_of_the_command_line_has_every_command():
    listed = {shlex.split(line)[1] for line in commands(page("docs/command-line.md"))}
    assert listed == COMMANDS.keys()


def test_the_page_says_which_commands_take_json():
    (sentence,) = re.findall(r"^(.*) take `--json`", page("docs/command-line.md").text, re.MULTILINE)
    speak = {name for name, one in COMMANDS.items() if any("--json" in parameter.opts for parameter in one.params)}
    assert set(re.findall(r"`([\w-]+)`", sentence)) == speak


def test_the_exit_statuses_match_the_program():
    meanings = dict(re.findall(r"^\| (\d+) \| (.+?) \|$", page("docs/command-line.md").text, re.MULTILINE))
    assert {int(status) for status in meanings} == {0, MISCONFIGURED, *STATUS.values()}
    for what, status in STATUS.items():
        assert meanings[str(status)].startswith(MEANINGS[what])
    assert meanings[str(MISCONFIGURED)] == "the settings are wrong"


def test_the_settings_file_of_the_page_is_valid(tmp_path, monkeypatch):
    (block,) = page("docs/command-line.md").blocks("toml")
    (tmp_path / "plugfn.toml").write_text(block)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLUGFN_ENCRYPTION_KEY", new_key())
    monkeypatch.setenv("GITHUB_CLIENT_SECRET", "s")
    plug = plug_from(tmp_path / "plugfn.toml")
    assert plug.providers.settings("github").client_id == "your-client-id"


def test_every_setting_is_documented():
    settings = set(signature(PlugFn).parameters)
    assert settings - {"auth"} == KEYS
    documented = {code.partition("=")[0].partition(" ")[0] for one in pages() for code in one.spans}
    blocks = "".join(block for one in pages() for block in one.blocks("python"))
    for name in settings:
        assert name in documented or f"{name}=" in blocks, f"no page mentions {name}"
    for name in KEYS:
        text = page("docs/command-line.md").text
        assert name in text, f"docs/command-line.md does not mention {name}"


@every_page
def test_every_extra_exists(one):
    for listed in re.findall(r"plugfn\[([\w,]+)\]", one.text):
        assert set(listed.split(",")) <= EXTRAS.keys(), f"{one.name}: plugfn[{listed}]"


def test_the_readme_names_every_extra():
    (sentence,) = re.findall(r"comes as extras:.*?of them\.", page("README.md").text, re.DOTALL)
    assert set(re.findall(r"`([\w-]+)`", sentence)) == EXTRAS.keys() - {"test"}


@every_page
def test_every_name_exists(one):
    plug = everything()
    for code in one.spans:
        if (found := re.match(r"(?:await )?plug((?:\.\w+)+)", code)) and not code.startswith(MADE_THERE):
            reduce(getattr, found[1].split(".")[1:], plug)
        elif (found := re.fullmatch(r"plugfn((?:\.\w+)+)(\(.*\))?", code)) and code not in FILES:
            resolved(found[1].split(".")[1:])
        elif found := re.fullmatch(r"plugfn/([\w/]+\.py)", code):
            assert (ROOT / found[1]).exists(), f"{one.name}: {code}"


def resolved(parts: list[str]) -> None:
    """The module with this name, or the attribute of a module."""
    for count in range(len(parts), 0, -1):
        try:
            module = import_module(".".join(["plugfn", *parts[:count]]))
        except ModuleNotFoundError:
            continue
        reduce(getattr, parts[count:], module)
        return
    raise AssertionError(f"there is no plugfn.{'.'.join(parts)}")


def test_the_figures_match_the_program():
    operations, agents = page("docs/operations.md").text, page("docs/agents.md").text
    assert f"| OAuth states | after {LIFETIME / 60:.0f} minutes |" in operations
    assert f"| ids of webhook deliveries | after {REMEMBERED / 86_400:.0f} days |" in operations
    assert ("| idempotency keys, with their results (sealed) | after a day |" in operations) == (DAY == 86_400)
    limits = ToolLimits()
    assert (f"{limits.calls} calls an hour" in agents, limits.per_seconds) == (True, 3600)
    assert f"{limits.characters:,} characters".replace(",", " ") in agents
    assert f"{['no', 'one', 'two', 'three'][policy('default').attempts]} attempts" in page("README.md").text


def test_the_reference_is_up_to_date():
    text = page("docs/reference.md").text
    assert text == reference(), "regenerate it: python -m plugfn.generate.reference > docs/reference.md"
