"""Reads PostgREST's filters: `column=op.value`, and the trees of and=(…) and or=(…) with their quoted values."""

from dataclasses import dataclass, field

from .errors import unreadable

OPERATORS = frozenset({"eq", "neq", "gt", "gte", "lt", "lte", "like", "ilike", "in", "is"})


@dataclass(frozen=True)
class Test:
    """One comparison. `values`: one value, or the list of `in`."""

    column: str
    op: str
    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True)
class Tree:
    """Several comparisons: all (`and`) or any (`or`) must hold."""

    word: str
    parts: tuple["Tree | Test", ...] = field(default=())
    negated: bool = False


def read_tree(word: str, text: str) -> Tree:
    """The tree of a parameter `and` or `or`, as `(a.eq.1,or(b.is.null,c.in.("x","y")))`."""
    reader = _Reader(text, word)
    parts = reader.parts()
    reader.end()
    return Tree(word, parts)


def read_plain(column: str, text: str) -> Test:
    """The comparison of a parameter with a column's name. Quotes are part of the value here."""
    negated = text.startswith("not.")
    op, dot, value = text.removeprefix("not.").partition(".")
    if not dot or op not in OPERATORS:
        raise unreadable(f"filter ({text})")
    return Test(column, op, _Reader(value, "in").items() if op == "in" else (value,), negated)


class _Reader:
    """Reads a text from left to right."""

    def __init__(self, text: str, what: str) -> None:
        self.text, self.at, self.what = text, 0, what

    def fail(self) -> Exception:
        return unreadable(f"logic tree ({self.text})")

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self, expected: str) -> None:
        if not self.text.startswith(expected, self.at):
            raise self.fail()
        self.at += len(expected)

    def skip(self, possible: str) -> bool:
        found = self.text.startswith(possible, self.at)
        self.at += len(possible) if found else 0
        return found

    def end(self) -> None:
        if self.at != len(self.text):
            raise self.fail()

    def parts(self) -> tuple[Tree | Test, ...]:
        self.take("(")
        found = [self.part()]
        while self.skip(","):
            found.append(self.part())
        self.take(")")
        return tuple(found)

    def part(self) -> Tree | Test:
        negated = self.skip("not.")
        for word in ("and", "or"):
            if self.text.startswith(f"{word}(", self.at):
                self.take(word)
                return Tree(word, self.parts(), negated)
        column = self.quoted() if self.peek() == '"' else self.until(".")
        self.take(".")
        negated = self.skip("not.")
        op = self.until(".")
        self.take(".")
        if op not in OPERATORS or not column:
            raise self.fail()
        return Test(column, op, self.items() if op == "in" else (self.value(),), negated)

    def items(self) -> tuple[str, ...]:
        self.take("(")
        found = [self.value()]
        while self.skip(","):
            found.append(self.value())
        self.take(")")
        return tuple(found)

    def value(self) -> str:
        if self.peek() == '"':
            began = self.at
            quoted = self.quoted()
            if self.peek() in ("", ",", ")"):
                return quoted
            self.at = began
        return self.until(",)")

    def until(self, stops: str) -> str:
        began = self.at
        while self.at < len(self.text) and self.text[self.at] not in stops:
            self.at += 1
        return self.text[began : self.at]

    def quoted(self) -> str:
        self.take('"')
        found = ""
        while (letter := self.peek()) != '"':
            if letter == "":
                raise self.fail()
            self.at += 1
            if letter == "\\":
                letter = self.peek()
                self.at += 1
            found += letter
        self.take('"')
        return found
