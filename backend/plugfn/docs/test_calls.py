"""The calls in the pages are valid: their Python compiles, and parameters and credentials fit the models."""

import ast
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from plugfn.crypto import new_key
from plugfn.docs.pages import Page, pages
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
    """Every call in a page, by its function: `plug.github.issues.create`."""
    for module in tree(one):
        for node in ast.walk(module):
            if isinstance(node, ast.Call):
                yield ast.unparse(node.func), node


def shown(node: ast.expr | None) -> dict | None:
    """The value of a dict literal, with … for computed values; None for anything else."""
    if not isinstance(node, ast.Dict):
        return None
    keys = [LEFT_OUT if key is None else ast.literal_eval(key) for key in node.keys]
    return dict(zip(keys, [literal(value) for value in node.values], strict=True))


def literal(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return LEFT_OUT


def check(model: type[BaseModel], given: dict | None, what: str) -> None:
    """Raises InvalidParams. Where something is left out (…), only names can be checked."""
    if given is not None and LEFT_OUT in repr(given):
        assert given.keys() - {LEFT_OUT} <= model.model_fields.keys(), what
    elif given is not None:
        validated(model, given, what)


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
        check(plug.providers.action(path).params, shown(given.get("params")), f"{path} in {one.name}")


@every_page
def test_the_credentials_shown_are_accepted(one, plug):
    for name, call in calls(one):
        if name != "plug.connections.create" or len(call.args) < 3:
            continue
        provider = plug.providers.get(ast.literal_eval(call.args[1]))
        check(provider.credentials, shown(call.args[2]), f"the credentials in {one.name}")


def test_the_pages_show_calls():
    """Ensures that the tests above have something to check."""
    found = [name for one in WRITTEN for name, call in calls(one) if name.startswith("plug.") and call.keywords]
    assert len(found) > 15
    created = [call for one in WRITTEN for name, call in calls(one) if name == "plug.connections.create"]
    assert sum(shown(call.args[2]) is not None for call in created) >= 4
