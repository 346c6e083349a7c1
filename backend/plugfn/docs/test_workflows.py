"""The page on workflows: its workflow is valid, its program runs, its dry run answers as shown."""

import json
import re
import textwrap
from pathlib import Path
from typing import Any

from plugfn.crypto import new_key
from plugfn.plug import PlugFn
from plugfn.providers.github import provider as github
from plugfn.providers.slack import provider as slack
from plugfn.rules.conditions import OPS, Op
from plugfn.rules.fields import FieldType
from plugfn.rules.filters import FILTERS

PAGE = Path(__file__).with_name("workflows.md").read_text()
SECRETS = {"client_id": "id", "client_secret": "secret"}


def block(name: str) -> Any:
    """The JSON block behind the comment of this name."""
    (found,) = re.findall(rf"<!-- {name} -->\n```json\n(.*?)```", PAGE, re.DOTALL)
    return json.loads(found)


async def connected() -> PlugFn:
    plug = PlugFn(encryption_key=new_key(), integrations={"github": SECRETS, "slack": SECRETS})
    plug.providers.register(github, slack)
    for provider in ("github", "slack"):
        await plug.connections.create("ana", provider, {"access_token": "token"})
    return plug


async def test_the_program_runs() -> None:
    (source,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    async with await connected() as plug:
        given = {"plug": plug, "workflow": block("workflow"), "payload": block("payload")}
        exec(f"async def page():\n{textwrap.indent(source, '    ')}", given)
        await given["page"]()


async def test_the_dry_run_answers_what_the_page_says() -> None:
    async with await connected() as plug:
        found = await plug.workflows.dry_run("ana", block("workflow"), payload=block("payload"))
    assert found.model_dump(mode="json", exclude={"trace"}) == block("dry run")
    assert [str(asked.result) for asked in found.trace] == ["true", "false"]


def test_the_tables_have_every_operator_and_filter() -> None:
    asked = dict(re.findall(r"^\| (string|number|boolean|datetime, date|list) \| (.*) \|$", PAGE, re.MULTILINE))
    always = {Op.EXISTS, Op.IS_EMPTY}
    for kind, operators in asked.items():
        for name in kind.split(", "):
            assert {f"`{op}`" for op in OPS[FieldType(name)] if op not in always} == set(operators.split())
    assert len(asked) == 5
    for name in FILTERS:
        assert f"`{name}" in PAGE
