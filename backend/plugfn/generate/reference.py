"""Writes docs/reference.md from the docstrings: `python -m plugfn.generate.reference > docs/reference.md`."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
MODULES = (
    "plugfn.plug",
    "plugfn.sync",
    "plugfn.options",
    "plugfn.connections",
    "plugfn.connection",
    "plugfn.batch",
    "plugfn.metrics",
    "plugfn.errors",
    "plugfn.workflows",
    "plugfn.webhooks.hub",
    "plugfn.webhooks.inbound",
    "plugfn.tools.toolbox",
    "plugfn.tools.langchain",
    "plugfn.tools.mcp",
    "plugfn.web.core",
    "plugfn.web.messages",
    "plugfn.web.fastapi",
    "plugfn.web.flask",
    "plugfn.definition",
    "plugfn.net.answer",
    "plugfn.net.vendor",
    "plugfn.net.guard",
    "plugfn.registry",
    "plugfn.crypto",
    "plugfn.storage.protocol",
    "plugfn.storage.records",
    "plugfn.cache.protocol",
    "plugfn.resilience.retry",
    "plugfn.testing.bench",
    "plugfn.testing.vendor",
    "plugfn.testing.provider_contract",
)
HEADER = """\
# Reference

Every public class and function, from their docstrings. Written by `python -m plugfn.generate.reference`: change the
docstrings, not this.
"""
ALIGNED = re.compile(r"^ {4}|\S {3,}\S", re.MULTILINE)
"""Text whose columns mean something: shown as it is."""

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
Function = ast.FunctionDef | ast.AsyncFunctionDef


def reference() -> str:
    """The text of docs/reference.md. Read from the source, so that it is the same under every version of Python."""
    lines = [HEADER, *(line for name in MODULES for line in _module(name))]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def _module(name: str) -> Iterator[str]:
    source = PACKAGE.parent / Path(*name.split("."))
    path = source / "__init__.py" if source.is_dir() else source.with_suffix(".py")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    yield f"## `{name}`\n"
    yield _prose(tree)
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and _public(node):
            yield from _class(node)
        elif isinstance(node, Function) and _public(node):
            yield f"### `{node.name}{_signature(node)}`\n"
            yield _prose(node)


def _public(node: ast.ClassDef | Function) -> bool:
    return not node.name.startswith("_") and bool(ast.get_docstring(node))


def _class(node: ast.ClassDef) -> Iterator[str]:
    bases = ", ".join(ast.unparse(base) for base in node.bases)
    yield f"### `{node.name}`" + (f" ({bases})" if bases else "") + "\n"
    yield _prose(node)
    for member in node.body:
        if isinstance(member, Function) and _public(member) and not _is_overload(member):
            yield f"- `{member.name}{'' if _is_property(member) else _signature(member)}`: {_inline(member)}"
        elif isinstance(member, ast.AnnAssign) and not ast.unparse(member.target).startswith("_"):
            yield f"- `{ast.unparse(member.target)}: {ast.unparse(member.annotation)}`"
    yield ""


def _is_overload(node: Function) -> bool:
    return any(ast.unparse(decorator) == "overload" for decorator in node.decorator_list)


def _is_property(node: Function) -> bool:
    return any(ast.unparse(decorator) == "property" for decorator in node.decorator_list)


def _signature(node: Function) -> str:
    arguments = re.sub(r"^(self|cls)(, |$)", "", ast.unparse(node.args))
    returned = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"({arguments}){returned}"


def _prose(node: Documented) -> str:
    first, _, rest = (ast.get_docstring(node, clean=False) or "").partition("\n")
    margin = "" if isinstance(node, ast.Module) else " " * (node.col_offset + 4)
    rest = "\n".join(line.removeprefix(margin).rstrip() for line in rest.splitlines()).strip("\n")
    if not rest:
        return f"{first}\n"
    return f"{first}\n\n```text\n{rest}\n```\n" if ALIGNED.search(rest) else f"{first}\n{rest}\n"


def _inline(node: Function) -> str:
    return " ".join((ast.get_docstring(node) or "").split())


if __name__ == "__main__":
    sys.stdout.write(reference())
