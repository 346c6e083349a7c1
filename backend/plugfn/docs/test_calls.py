"""The calls that pages show would be accepted: their Python compiles, and parameters and credentials fit the models."""

import ast
from collections.abc import Iterator

import pytest
from pages import Page, pages

from plugfn.crypto import new_key
from plugfn.plug import PlugFn
from plugfn.problems import validated
from plugfn.providers import BUILT_IN, load

LEFT_OUT = "…"
WRITTEN = [one for one in pages() if one.name != "docs/reference.md"]
"""The blocks of the reference are signatures."""

every_page = pytest.mark.parametrize("one", WRITTEN, ids=lambda one: one.name)


def tree(one: Page) -> list[ast.Module]:
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    return [compile(block, one.name, "exec", flags) for block in one.blocks("python")]


def calls(one: Page) -> Iterator[tuple[str, ast.Call]]:
    """Every call of a page by what is called: `plug.github.issues.create`."""
    for module in tree(one):
        for node in ast.walk(module):
            if isinstance(node, ast.Call):
                yield ast.unparse(node.func), node


def shown(node: ast.expr | None) -> dict | None:
    """What a dict literal says; None when it is something else, or leaves something out."""
    try:
        found = ast.literal_eval(node) if node is not None else None
    except ValueError:
        return None
    return found if isinstance(found, dict) and LEFT_OUT not in repr(found) else None


@pytest.fixture(scope="module")
def plug():
    oauth = {"client_id": "id", "client_secret": "secret"}
    made = PlugFn(encryption_key=new_key(), integrations={"github": oauth, "slack": oauth})
    made.providers.register(*(load(name) for name in BUILT_IN))
    return made


@every_page
def test_the_python_of_every_page_compiles(one):
    tree(one)


@every_page
def test_the_parameters_shown_are_accepted(one, plug):
    for name, call in calls(one):
        begin, _, path = name.partition(".")
        if begin not in ("plug", "plain") or path.partition(".")[0] not in BUILT_IN:
            continue
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        action = plug.providers.action(path)
        if (params := shown(given.get("params"))) is not None:
            plug.executor.validate(action, params)


@every_page
def test_the_credentials_shown_are_accepted(one, plug):
    for name, call in calls(one):
        if name != "plug.connections.create" or len(call.args) < 3:
            continue
        provider, credentials = ast.literal_eval(call.args[1]), shown(call.args[2])
        if credentials is not None:
            validated(plug.providers.get(provider).credentials, credentials, f"the credentials in {one.name}")


def test_the_pages_show_calls():
    """So that the tests above have something to look at."""
    found = [name for one in WRITTEN for name, call in calls(one) if name.startswith("plug.") and call.keywords]
    assert len(found) > 15
    created = [call for one in WRITTEN for name, call in calls(one) if name == "plug.connections.create"]
    assert sum(shown(call.args[2]) is not None for call in created) >= 4
