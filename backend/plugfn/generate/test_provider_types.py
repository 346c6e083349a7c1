"""The generated types match the providers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from plugfn.definition import Call, Form, Model, Origin, Provider, Result
from plugfn.generate.provider_types import types_source
from plugfn.providers import BUILT_IN, load

PACKAGE = Path(__file__).resolve().parents[1]
BACKEND = PACKAGE.parent

PROGRAM = """\
from plugfn import PlugFn, SyncPlugFn
from plugfn.providers.github.actions import IssueCreate, create_issue
from plugfn.providers.slack.actions import UserInfo


async def program(plug: PlugFn, plain: SyncPlugFn) -> None:
    issue = {"owner": "ana", "repo": "house", "title": "The roof leaks"}
    reveal_type(await plug.github.issues.create(user_id="ana", params=issue))
    reveal_type(plain.github.issues.create(user_id="ana", params=IssueCreate(**issue)))
    reveal_type(await plug.run(create_issue, user_id="ana", params=issue))
    reveal_type(await plug.whatsapp_uazapi.connection.status(user_id="ana"))
    reveal_type(await plug.acme.things.get(user_id="ana"))
    await plug.github.issues.creat(user_id="ana", params=issue)
    await plug.github.issues.create(params=issue)
    await plug.github.issues.create(user_id="ana", params=UserInfo(user="U1"))
    await plug.github.issues.create(user_id="ana")
    await plug.github.issues.create("ana", issue)
    await plug.github.issues.create(user_id="ana", params=issue, tiemout=3)
    plain.github.issues.create(user_id=7, params=issue)
    plain.slack.chat.post(user_id="ana", params={})
"""
ISSUE = 'Revealed type is "plugfn.providers.github.models.Issue"'
EXPECTED = {
    8: ISSUE,
    9: ISSUE,
    10: ISSUE,
    11: 'Revealed type is "plugfn.providers.whatsapp_uazapi.vocabulary.actions.LineStatus"',
    12: 'Revealed type is "Any"',  # a provider of the program's own
    13: 'has no attribute "creat"; maybe "create"?',
    14: 'Missing named argument "user_id"',
    15: 'has incompatible type "UserInfo"; expected "IssueCreate | Mapping[str, Any]"',
    16: 'Missing named argument "params"',
    17: "Too many positional arguments",
    18: 'Unexpected keyword argument "tiemout"',
    19: 'has incompatible type "int"; expected "str"',
    20: 'has no attribute "post"',
}


def test_generated_types_py_is_up_to_date():
    """If not: `plugfn types --output backend/plugfn/generated_types.py`."""
    assert (PACKAGE / "generated_types.py").read_text(encoding="utf-8") == types_source(load(name) for name in BUILT_IN)


def test_a_type_checker_knows_every_actions_parameters_and_result(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    strict = ["--strict", "--follow-imports", "silent", "--no-error-summary", "--hide-error-context"]
    command = [sys.executable, "-m", "mypy", *strict, "--cache-dir", str(tmp_path / "cache"), str(program)]
    environment = {**os.environ, "MYPYPATH": str(BACKEND)}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    messages: dict[int, str] = {}
    for line in done.stdout.splitlines():
        _, number, said = line.split(":", 2)
        messages[int(number)] = messages.get(int(number), "") + said
    assert done.stderr == ""
    assert sorted(messages) == sorted(EXPECTED)
    assert {number: said for number, said in messages.items() if EXPECTED[number] not in said} == {}


def test_generated_types_is_not_imported_at_run_time():
    program = "import sys, plugfn.plug, plugfn.sync; print([name for name in sys.modules if name.startswith(WHICH)])"
    program = program.replace("WHICH", "('plugfn.generated_types', 'plugfn.providers.')")
    command = [sys.executable, "-c", program]
    environment = {**os.environ, "PYTHONPATH": str(BACKEND)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"


class Nothing(Model):
    """No parameters."""


def made(name, *models):
    """A provider with an action for each of the models."""
    provider = Provider(name, name, Form(Nothing), "", lambda settings, credentials: Origin("https://x", True))
    for number, (params, result) in enumerate(models):

        async def run(call, params):
            raise AssertionError

        run.__annotations__ = {"call": Call[Nothing], "params": params, "return": result}
        provider.action(f"deep.er.run{number}", summary="Does it.")(run)
    return provider


def model(base, name, module, **fields):
    return type(base)(name, (base,), {"__module__": module, "__annotations__": fields})


@pytest.mark.parametrize("length", [8, 36])
def test_models_with_the_same_name_get_different_names(length):
    long = "Long" * (length // 4)
    pairs = [
        (model(Model, f"Make{long}", f"acme.{name}.actions", size=int), model(Result, "Thing", f"acme.{name}.models"))
        for name in ("one", "two")
    ]
    source = types_source([made("one", pairs[0]), made("two", pairs[1], (Nothing, Nothing))])
    assert "from acme.one.models import Thing as OneThing" in source
    assert "from acme.two.models import Thing as TwoThing" in source
    assert ") -> TwoThing:" in source
    compile(source, "generated_types.py", "exec")
    for command in (["check", "--select", "E,F,W,I,UP"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--line-length", "120", "--isolated", "-"]
        done = subprocess.run(ruff, input=source, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr + source
