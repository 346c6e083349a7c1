"""Ways to break Python that Cosmic Ray does not have: SQL, keyword arguments, statements, names, transactions.

Each is a mutation operator of Cosmic Ray, and works on the tree of parso.
"""

import re
from abc import abstractmethod
from ast import literal_eval
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from cosmic_ray.operators.operator import Example, Operator
from parso.python.tree import Name, String

from ponte_mutation.sql import broken, is_sql

# A node or a leaf of parso, whose own types do not know of children.
Node: TypeAlias = Any
Position: TypeAlias = tuple[tuple[int, int], tuple[int, int]]
# Calls in a chain without which the chain still has a value of the same type.
CHAINED = {"filter", "exclude", "order_by", "select_for_update", "strip", "upper", "lower", "live"}
_LITERAL = re.compile(r"""(\w*)("{3}|'{3}|"|')(.*)\2""", re.DOTALL)
_WORD = re.compile(r"[\w./:-]+")


class TextOperator(Operator):  # type: ignore[misc] # Cosmic Ray has no types
    """An operator that replaces a node by other code. A subclass says by which."""

    @abstractmethod
    def replacements(self, node: Node) -> Iterable[str]:
        """The codes that replace `node`, one in each mutant."""

    def mutation_positions(self, node: Node) -> Iterator[Position]:
        """One position for each replacement."""
        for _ in self.replacements(node):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Node, index: int) -> Node:
        """A leaf with the replacing code, and the space before the node."""
        code = list(self.replacements(node))[index]
        return Name(code, node.start_pos, prefix=node.get_first_leaf().prefix)

    @classmethod
    def examples(cls) -> Iterable[Example]:
        """Before and after."""
        return ()


class BreakSql(TextOperator):
    """Breaks a statement of SQL in a string."""

    def replacements(self, node: Node) -> Iterable[str]:
        """The string with each broken statement."""
        if isinstance(node, String) and not _is_docstring(node) and is_sql(node.value):
            opening, text, closing = _parts(node.value)
            return [opening + statement + closing for statement in broken(text)]
        return ()

    @classmethod
    def examples(cls) -> Iterable[Example]:
        """Before and after."""
        before = 'Q = "UPDATE a SET b = 1, c = 2 WHERE d = 3 AND e = 4"'
        return (
            Example(before, 'Q = "UPDATE a SET b = 1, c = 2 WHERE TRUE AND e = 4"'),
            Example(before, 'Q = "UPDATE a SET b = 1, c = 2 WHERE d = 3 AND TRUE"', occurrence=1),
            Example(before, 'Q = "UPDATE a SET c = 2 WHERE d = 3 AND e = 4"', occurrence=2),
            Example(before, 'Q = "UPDATE a SET b = 1 WHERE d = 3 AND e = 4"', occurrence=3),
            Example('Q = "SELECT a FROM b FOR UPDATE SKIP LOCKED"', 'Q = "SELECT a FROM b "'),
        )


class RenameWord(TextOperator):
    """Changes a string that is a name or a code: the key of a row, a column, a vendor's field. Sentences stay."""

    def replacements(self, node: Node) -> Iterable[str]:
        """The string with one more letter."""
        if not isinstance(node, String) or node.string_prefix or _is_docstring(node) or is_sql(node.value):
            return ()
        if _search(node, "decorator") or _is_declared(node):
            return ()
        text = literal_eval(node.value)
        return [repr(text + "_")] if _WORD.fullmatch(text) else []

    @classmethod
    def examples(cls) -> Iterable[Example]:
        """Before and after."""
        return (Example('x = row["name"]', "x = row['name_']"), Example('x = "a b"', 'x = "a b"'))


class DropArgument(TextOperator):
    """Leaves out one keyword argument of a call, except of a decorator or a call that logs."""

    def replacements(self, node: Node) -> Iterable[str]:
        """The list of arguments without one."""
        if node.type not in ("arglist", "argument") or _search(node, "decorator") or _logs(node.parent.parent):
            return []
        if node.type == "argument":
            alone = node.parent.type == "trailer" and node.children[1].get_code() == "="
            return [""] if alone else []
        entries = [child for child in node.children if child.get_code().strip() != ","]
        return [
            ",".join(other.get_code() for other in entries if other is not entry).strip()
            for entry in entries
            if entry.type == "argument" and entry.children[1].get_code() == "="
        ]

    @classmethod
    def examples(cls) -> Iterable[Example]:
        """Before and after."""
        return (
            Example("f(a, b=1, c=2)", "f(a, c=2)"),
            Example("f(a, b=1, c=2)", "f(a, b=1)", occurrence=1),
            Example("f(b=1)", "f()"),
        )


class DropStatement(TextOperator):
    """Puts `pass` in place of a call, an assignment to an attribute, `raise`, or `return` of a value."""

    def replacements(self, node: Node) -> Iterable[str]:
        """`pass`, or `return None`."""
        if node.parent is None or node.parent.type not in ("simple_stmt", "suite") or _logs(node):
            return []
        if node.type == "return_stmt":
            # None is as false as False.
            return [] if node.get_code().strip() in ("return None", "return False") else ["return None"]
        if node.type == "expr_stmt":
            targets = node.children[0]
            to_attributes = targets.type in ("atom_expr", "testlist_star_expr") and "." in targets.get_code()
            return ["pass"] if to_attributes else []
        called = node.type in ("atom_expr", "power") and node.children[-1].get_code().strip().startswith("(")
        return ["pass"] if called or node.type == "raise_stmt" else []

    @classmethod
    def examples(cls) -> Iterable[Example]:
        """Before and after."""
        return (
            Example("f(1)\n", "pass\n"),
            Example("a.b -= 1\n", "pass\n"),
            Example("def f():\n    return 1\n", "def f():\n    return None\n"),
        )


class DropContext(TextOperator):
    """Leaves out a context manager, such as a transaction, whose value is not used."""

    def replacements(self, node: Node) -> Iterable[str]:
        """A context that does nothing."""
        in_with = node.parent is not None and node.parent.type == "with_stmt" and node.type == "atom_expr"
        return ['__import__("contextlib").nullcontext()'] if in_with else []

    @classmethod
    def examples(cls) -> Iterable[Example]:
        """Before and after."""
        after = 'with __import__("contextlib").nullcontext(), b() as c:\n    pass\n'
        return (Example("with a(), b() as c:\n    pass\n", after),)


class DropHandler(TextOperator):
    """Lets an exception pass that is caught. Cosmic Ray's own operator fails at `except module.Error`."""

    def replacements(self, node: Node) -> Iterable[str]:
        """No class of exceptions in place of those that are caught."""
        caught = node.parent is not None and node.parent.type == "except_clause" and node is node.parent.children[1]
        return ["()"] if caught else []

    @classmethod
    def examples(cls) -> Iterable[Example]:
        """Before and after."""
        before = "try:\n    f()\nexcept a.Error as error:\n    g()\n"
        return (Example(before, before.replace("a.Error", "()")),)


class DropFromChain(TextOperator):
    """Leaves out one call of a chain, such as `.order_by("id")`."""

    def replacements(self, node: Node) -> Iterable[str]:
        """The chain without each call that it can do without."""
        if node.type not in ("atom_expr", "power"):
            return []
        parts = [child.get_code() for child in node.children]
        parts[0] = parts[0].lstrip()
        places = [
            place
            for place in range(1, len(parts) - 1)
            if parts[place].strip(" .\n") in CHAINED and parts[place + 1].strip().startswith("(")
        ]
        return ["".join(parts[:place] + parts[place + 2 :]) for place in places]

    @classmethod
    def examples(cls) -> Iterable[Example]:
        """Before and after."""
        return (
            Example("x = a.filter(b=1).order_by(c)", "x = a.order_by(c)"),
            Example("x = a.filter(b=1).order_by(c)", "x = a.filter(b=1)", occurrence=1),
        )


class DropFromSet(TextOperator):
    """Leaves out one text of a set or a list of texts."""

    def replacements(self, node: Node) -> Iterable[str]:
        """The set without one entry."""
        if node.type not in ("dictorsetmaker", "testlist_comp") or _is_declared(node):
            return []
        entries = [child for child in node.children if child.get_code().strip() != ","]
        if (
            len(entries) < 2
            or not all(isinstance(entry, String) for entry in entries)
            or len(entries) * 2 - 1 > len(node.children)
        ):
            return []
        return [", ".join(other.value for other in entries if other is not entry) for entry in entries]

    @classmethod
    def examples(cls) -> Iterable[Example]:
        """Before and after."""
        slots = '__slots__ = ("a", "b")'
        return (
            Example('x = {"a", "b"}', 'x = {"b"}'),
            Example('x = ["a", "b"]', 'x = ["a"]', occurrence=1),
            Example(slots, slots),
        )


OURS: tuple[type[TextOperator], ...] = (
    BreakSql,
    RenameWord,
    DropArgument,
    DropStatement,
    DropContext,
    DropFromChain,
    DropFromSet,
    DropHandler,
)


def _parts(literal: str) -> tuple[str, str, str]:
    """(prefix and quotes, the text as written, quotes)"""
    match = _LITERAL.fullmatch(literal)
    if match is None:
        raise ValueError(f"this is no string: {literal[:20]}")
    return match[1] + match[2], match[3], match[2]


def _is_docstring(node: Node) -> bool:
    return node.parent.type in ("simple_stmt", "file_input")


def _is_declared(node: Node) -> bool:
    """Whether the string is a type, or one of the names in `__all__` or `__slots__`."""
    above = node.parent
    if above.type in ("tfpdef", "annassign", "param") or (above.type == "funcdef" and node is not above.children[-1]):
        return True
    statement = node.search_ancestor("expr_stmt")
    return statement is not None and statement.children[0].get_code().strip() in ("__all__", "__slots__", "logger")


def _search(node: Node, kind: str) -> bool:
    return node.search_ancestor(kind) is not None


def _logs(node: Any) -> bool:
    return node is not None and node.get_code().strip().startswith(("logger.", "logging."))
