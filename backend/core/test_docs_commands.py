"""The commands in the documents parse, and the settings in the documents exist."""

import ast
import os
import re
import shlex
import subprocess
import sys

import pytest
from celery.bin.worker import worker as celery_worker
from click import Context
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.core.management.base import CommandError

from core.documents import BACKEND, ROOT, document, documents
from plugfn.docs.markdown import Page

every_document = pytest.mark.parametrize("page", documents(), ids=lambda page: page.name)

# The variables that compose.yaml itself reads.
COMPOSE_ONLY = set(re.findall(r"\$\{(\w+)", (ROOT / "compose.yaml").read_text()))
# The scripts that take options, and the programs that parse these options.
PARSERS = {
    "demo": ["-m", "ponte_demo"],
    "dev": ["-m", "ponte_demo"],
    "bench ingest": ["scripts/bench_ingest.py"],
    "bench sync": ["scripts/bench_sync.py"],
    "bench mailbox": ["scripts/bench_mailbox.py"],
    "container": ["scripts/container_trial.py"],
    "screenshots": ["scripts/screenshots_of_the_demo.py"],
}
MODULES = {"sandbox.pluggy", "embedded"}


def calls(page: Page, pattern: str) -> list[list[str]]:
    """The words that follow a word matching `pattern`, in every command of a page."""
    matches = []
    for line in page.commands("", "bash"):
        for words in simple_commands(line) if re.search(pattern, line) else ():
            for number, word in enumerate(words):
                if re.fullmatch(pattern, word):
                    matches.append(words[number:])
                    break
    return matches


def simple_commands(line: str) -> list[list[str]]:
    """The commands in a line of shell, each as its words. `;`, `&&`, `|`, `<`, `>` and `$( )` separate commands."""
    opened = re.sub(r'"?\$\(([^)]*)\)"?', r"; \1 ;", line)
    reader = shlex.shlex(opened, posix=True, punctuation_chars=";&|<>")
    reader.whitespace_split, reader.commenters = True, "#"
    commands: list[list[str]] = [[]]
    for word in reader:
        if set(word) <= set(";&|<>"):
            commands.append([])
        else:
            commands[-1].append(word)
    return commands


@every_document
def test_every_management_command_exists_and_takes_these_options(page: Page):
    for _, *words in calls(page, r"(?:\S*/)?manage\.py|(?:\./)?scripts/manage"):
        if words:
            name, *arguments = words
            assert name in get_commands(), name
            parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
            try:
                parser.parse_args(arguments)
            except CommandError as error:
                pytest.fail(f"manage.py {shlex.join(words)}: {error}")


@every_document
def test_every_script_exists_and_takes_these_options(page: Page):
    for script, *arguments in calls(page, r"(?:\./)?scripts/[a-z]+"):
        path = ROOT / script
        assert os.access(path, os.X_OK), script
        if path.name == "manage":
            continue  # these are commands of Django
        known = options_of(path.name, arguments)
        for option in (word.partition("=")[0] for word in arguments if word.startswith("--")):
            assert option in known, f"{script} {option}"


def options_of(script: str, arguments: list[str]) -> str:
    """The help text of the program that parses a script's arguments."""
    parser = PARSERS.get(" ".join([script, *arguments[:1]])) or PARSERS.get(script)
    return usage(tuple(parser)) if parser else ""


def usage(command: tuple[str, ...], memory: dict[tuple[str, ...], str] = {}) -> str:  # noqa: B006 - a cache
    if command not in memory:
        folders = os.pathsep.join([str(BACKEND), str(ROOT / "scripts")])
        environment = {**os.environ, "PYTHONPATH": folders, "COLUMNS": "200"}
        line = [sys.executable, *command, "--help"]
        run = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert run.returncode == 0, run.stderr
        memory[command] = run.stdout
    return memory[command]


@every_document
def test_every_module_of_ours_takes_the_options_of_its_commands(page: Page):
    for _, module, *arguments in calls(page, r"-m"):
        if module in MODULES:
            help_text = usage(("-m", module))
            for option in (word.partition("=")[0] for word in arguments if word.startswith("--")):
                assert option in help_text, f"{module} {option}"


@every_document
def test_celery_takes_the_options_of_every_worker_command(page: Page):
    for _, *words in calls(page, "celery"):
        if "worker" in words:
            arguments = words[words.index("worker") + 1 :]
            celery_worker.make_parser(Context(celery_worker)).parse_args(list(arguments))
            queues = re.search(r"(?:--queues|-Q)[ =](\S+)", shlex.join(arguments))
            if queues:
                assert set(queues[1].split(",")) <= {queue.name for queue in settings.CELERY_TASK_QUEUES}


def environment_defaults() -> dict[str, str | None]:
    """The variables that the code reads, with their defaults as text; None for a default that is not a constant."""
    defaults: dict[str, str | None] = {}
    code = [(BACKEND / "core" / name).read_text() for name in ("settings.py", "integration_settings.py")]
    for node in ast.walk(ast.parse("\n".join(code))):
        if isinstance(node, ast.Call) and re.fullmatch(r"env\.\w+", ast.unparse(node.func)):
            name, default = node.args[0].value, node.args[1] if len(node.args) > 1 else ast.Constant("")
            defaults[name] = _as_text(default)
    gunicorn = (BACKEND / "gunicorn.conf.py").read_text()
    defaults |= dict(re.findall(r'environ\.get\("(\w+)", "(\w*)"\)', gunicorn))
    defaults |= dict.fromkeys(re.findall(r'environ(?:\.setdefault\(|\[)\s*"(\w+)"', gunicorn))
    procfile = re.findall(r"\$\{?(\w+)(?::-(\w+))?", (ROOT / "Procfile").read_text())
    return {**dict(procfile), **defaults}


def _as_text(node: ast.expr) -> str | None:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, list) else str(value)


# The scripts of a checkout read these; no process in production does.
CHECKOUT_ONLY = {"PONTE_PYTHON", "PONTE_FOLDER", "PONTE_CHROMIUM"}
DEFAULTS = environment_defaults()


def test_the_documented_settings_are_those_of_the_code_with_their_defaults():
    documented = {row[0].strip("`"): row[1] for row in document("docs/configuration.md").table("Name", "Default")}
    assert set(documented) == set(DEFAULTS) | CHECKOUT_ONLY
    for name, default in DEFAULTS.items():
        if default:
            assert documented[name] == f"`{default}`", name
        elif default == "":
            assert not documented[name].startswith("`") or documented[name].strip("`") in DEFAULTS, name


def test_the_scripts_read_the_variables_of_a_checkout():
    text = "".join((ROOT / "scripts" / name).read_text() for name in ("setup", "demo", "dev", "chromium.py"))
    assert all(f"${{{name}:-" in text or f'environ.get("{name}")' in text for name in CHECKOUT_ONLY)


def test_the_example_file_names_only_settings_with_their_defaults():
    lines = re.findall(r"^(#?)([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert len(lines) > 10
    for commented, name, value in lines:
        assert name in DEFAULTS, name
        # Some defaults follow from other settings.
        if commented and DEFAULTS[name] is not None:
            assert value.strip('"') == DEFAULTS[name], name


@every_document
def test_every_variable_that_a_page_names_exists(page: Page):
    elsewhere = {"PONTE_OWNER_PASSWORD", "PONTE_APP_PASSWORD", "PONTE_TOKEN", *COMPOSE_ONLY}
    begins = (
        r"(PLUGGY|EVENT|METRICS|WEB|WORKER|ENCRYPTION|INDEX|DATABASE|REDIS|PONTE|LOG|SECURE|PUBLIC|ALLOWED)_[A-Z_]+"
    )
    for span in page.spans:
        name = span.partition("=")[0]
        if re.fullmatch(begins, name):
            assert name in DEFAULTS or name in CHECKOUT_ONLY | elsewhere or hasattr(settings, name), span
