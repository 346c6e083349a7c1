"""Writes docs/reference.md from the docstrings: `python -m plugfn.generate.reference > docs/reference.md`."""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
GROUPS = {
    "Calling": (
        "plugfn.plug",
        "plugfn.sync:SyncPlugFn",
        "plugfn.calls.options",
        "plugfn.calls.batch",
        "plugfn.errors",
        "plugfn.calls.metrics:Metrics,Measured",
    ),
    "Connections": ("plugfn.connection", "plugfn.connections.operations", "plugfn.connections.connecting:Connected"),
    "Webhooks": (
        "plugfn.webhooks.hub:WebhookHub,Receipt,Outcome",
        "plugfn.inbound",
        "plugfn.webhooks.standard",
    ),
    "Workflows": ("plugfn.workflows.engine", "plugfn.workflows.model"),
    "Agent tools": ("plugfn.tools.toolbox", "plugfn.tools.langchain", "plugfn.tools.mcp"),
    "The web": ("plugfn.web.core", "plugfn.web.messages", "plugfn.web.fastapi", "plugfn.web.flask"),
    "Writing a provider": (
        "plugfn.definition",
        "plugfn.models",
        "plugfn.registry",
        "plugfn.net.answer",
        "plugfn.net.vendor",
    ),
    "Keys": ("plugfn.crypto", "plugfn.vault.rotation"),
    "Storage and shared state": ("plugfn.storage.protocol", "plugfn.storage.records", "plugfn.cache.protocol"),
    "Testing": (
        "plugfn.testing.bench",
        "plugfn.testing.vendor",
        "plugfn.testing.stub_http:Request",
        "plugfn.testing.provider_contract",
    ),
}
"""Modules by subject. After a colon: the only names to show."""
HEADER = """\
# Reference

Every public class and function, from their docstrings. Written by `python -m plugfn.generate.reference`: change the
docstrings, not this page.
"""
WIDEST = 100
"""Wider signatures have one parameter a line."""

_ALIGNED = re.compile(r"^ {4}|\S {3,}\S", re.MULTILINE)
"""Text in columns, which must be shown as it is."""
_TAG = re.compile(r"<(?=[^`]*(?:`[^`]*`[^`]*)*$)")
"""A `<` outside backticks, which Markdown would read as HTML."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = ast.Module | ast.ClassDef | Function
Named = ast.Assign | ast.AnnAssign


@dataclass(frozen=True)
class Source:
    """A module's source. It is read, not imported, so that the page is the same under every version of Python."""

    name: str

    @cached_property
    def text(self) -> str:
        """The source text."""
        return (PACKAGE.parent / Path(*self.name.split(".")).with_suffix(".py")).read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text)

    @property
    def homes(self) -> dict[str, str]:
        """The module of each imported name."""
        imports = [node for node in self.tree.body if isinstance(node, ast.ImportFrom)]
        return {alias.name: node.module or "" for node in imports for alias in node.names}

    def parts(self, node: ast.ClassDef) -> dict[str, ast.ClassDef]:
        """A class with those of its bases that are in other modules of the same package, by name."""
        parts, package = {node.name: node}, self.name.rpartition(".")[0]
        for base in node.bases:
            home = self.homes.get(ast.unparse(base), "")
            if package != PACKAGE.name and home.startswith(f"{package}."):
                base_source = Source(home)
                parts |= base_source.parts(base_source.classes[ast.unparse(base)])
        return parts

    @property
    def classes(self) -> dict[str, ast.ClassDef]:
        """The classes, by name."""
        return {node.name: node for node in self.tree.body if isinstance(node, ast.ClassDef)}


def reference() -> str:
    """The text of docs/reference.md."""
    lines = [HEADER, *_contents()]
    for title, modules in GROUPS.items():
        lines.append(f"## {title}\n")
        lines += [line for name in modules for line in _module(*name.split(":"))]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def _contents() -> Iterator[str]:
    for title, modules in GROUPS.items():
        names = [name.partition(":")[0] for name in modules]
        links = ", ".join(f"[`{name}`](#{name.replace('.', '')})" for name in names)
        yield f"- {title}: {links}"
    yield ""


def _module(name: str, chosen: str = "") -> Iterator[str]:
    source = Source(name)
    if missing := set(filter(None, chosen.split(","))) - source.classes.keys():
        raise LookupError(f"{name} no longer has {', '.join(sorted(missing))}: change GROUPS")
    yield f"### `{name}`\n"
    yield _prose(source.tree)
    for node, note in _noted(source.tree.body):
        if chosen and getattr(node, "name", "") not in chosen.split(","):
            continue
        if isinstance(node, ast.ClassDef) and _public(node):
            yield from _class(source, node)
        elif isinstance(node, Function) and _public(node):
            yield f"#### `{node.name}`\n"
            yield _code(_signature(node, node.name))
            yield _prose(node)
        elif isinstance(node, Named) and note and not _name(node).startswith("_"):
            yield f"#### `{_name(node)}`\n"
            yield _code(ast.get_source_segment(source.text, node) or "")
            yield f"{_plain(note)}\n"


def _noted(body: list[ast.stmt]) -> Iterator[tuple[ast.stmt, str]]:
    """Each statement with the docstring below it."""
    for node, following in zip(body, [*body[1:], None], strict=True):
        below = following.value if isinstance(following, ast.Expr) else None
        note = below.value if isinstance(below, ast.Constant) and isinstance(below.value, str) else ""
        yield node, " ".join(note.split())


def _public(node: ast.ClassDef | Function) -> bool:
    return not node.name.startswith("_") and bool(ast.get_docstring(node))


def _name(node: Named) -> str:
    return ast.unparse(node.target if isinstance(node, ast.AnnAssign) else node.targets[0])


def _class(source: Source, node: ast.ClassDef) -> Iterator[str]:
    parts = source.parts(node)
    bases = [name for base in node.bases if (name := ast.unparse(base)) not in parts]
    yield f"#### `{node.name}`\n"
    if bases:
        yield f"*{', '.join(f'`{name}`' for name in bases)}*\n"
    yield from (
        _code(_signature(item, node.name)) for item in node.body if isinstance(item, Function) and _is_init(item)
    )
    yield _prose(node)
    for part in parts.values():
        for member, note in _noted(part.body):
            yield from _member(member, note)
    yield ""


def _is_init(node: Function) -> bool:
    return node.name == "__init__" and len(ast.unparse(node.args)) > len("self")


def _member(member: ast.stmt, note: str) -> Iterator[str]:
    after = f": {_plain(note)}" if note else ""
    if isinstance(member, Function) and _public(member) and not _decorated(member, "overload"):
        shown = member.name if _decorated(member, "property", "cached_property") else _line(member, member.name)
        yield f"- `{shown}`: {_plain(' '.join((ast.get_docstring(member) or '').split()))}"
    elif isinstance(member, ast.AnnAssign) and not _name(member).startswith("_"):
        value = f" = {ast.unparse(member.value)}" if isinstance(member.value, ast.Constant) else ""
        yield f"- `{_name(member)}: {ast.unparse(member.annotation)}{value}`{after}"
    elif (
        isinstance(member, ast.Assign) and isinstance(member.value, ast.Constant) and not _name(member).startswith("_")
    ):
        yield f"- `{ast.unparse(member)}`{after}"


def _decorated(node: Function, *names: str) -> bool:
    return any(ast.unparse(decorator) in names for decorator in node.decorator_list)


def _line(node: Function, name: str) -> str:
    """A signature on one line."""
    begin = "await " if isinstance(node, ast.AsyncFunctionDef) else ""
    return f"{begin}{name}({', '.join(_parameters(node.args))}){_returned(node)}"


def _signature(node: Function, name: str) -> str:
    """A signature, with one parameter a line if it is too wide."""
    line = _line(node, name)
    if len(line) <= WIDEST:
        return line
    begin = line.partition("(")[0]
    return f"{begin}(\n" + "".join(f"    {text},\n" for text in _parameters(node.args)) + f"){_returned(node)}"


def _returned(node: Function) -> str:
    return f" -> {ast.unparse(node.returns)}" if node.returns and node.name != "__init__" else ""


def _parameters(arguments: ast.arguments) -> list[str]:
    plain = [*arguments.posonlyargs, *arguments.args]
    unset = [None] * (len(plain) - len(arguments.defaults))
    shown = [_parameter(argument, value) for argument, value in zip(plain, [*unset, *arguments.defaults], strict=True)]
    if arguments.vararg:
        shown.append(f"*{ast.unparse(arguments.vararg)}")
    elif arguments.kwonlyargs:
        shown.append("*")
    shown += [_parameter(*pair) for pair in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    if arguments.kwarg:
        shown.append(f"**{ast.unparse(arguments.kwarg)}")
    return [text for text in shown if text not in ("self", "cls")]


def _parameter(argument: ast.arg, value: ast.expr | None) -> str:
    if value is None:
        return ast.unparse(argument)
    default = ast.unparse(value)
    return f"{ast.unparse(argument)} = {default}" if argument.annotation else f"{argument.arg}={default}"


def _code(text: str) -> str:
    return f"```python\n{text}\n```\n"


def _plain(text: str) -> str:
    return _TAG.sub("&lt;", text)


def _prose(node: Documented) -> str:
    """A docstring; paragraphs whose columns mean something stay as they are."""
    text, joined = ast.get_docstring(node) or "", ""
    for paragraph in re.split(r"\n{2,}", text):
        if _ALIGNED.search(paragraph):
            joined += f"```text\n{paragraph}\n```\n\n"
        else:
            joined += f"{_plain(paragraph)}\n\n"
    return joined.replace("```\n\n```text\n", "\n")


if __name__ == "__main__":
    sys.stdout.write(reference())
