"""Ways to break a statement of SQL, as text: the parts of a statement stay as they are, but for the broken one."""

import re
from collections.abc import Iterator

_STATEMENT = re.compile(r"\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM)\b")
# What ends a condition or an entry of a list, outside of brackets.
_ENDS = re.compile(
    r"\b(?:AND|OR|WHERE|GROUP BY|HAVING|ORDER BY|WINDOW|LIMIT|FOR (?:NO KEY )?UPDATE|RETURNING|ON CONFLICT"
    r"|(?<!DISTINCT )FROM|UNION)\b"
)
_CONDITION_ENDS = re.compile(f"{_ENDS.pattern}|,")
_ENTRY_ENDS = re.compile(r"\b(?:WHERE|(?<!DISTINCT )FROM|RETURNING)\b|,")
_CONDITION = re.compile(r"\b(?:WHERE|HAVING|AND|OR)\s+")
_CLAUSES = (
    re.compile(r"\bFOR (?:NO KEY )?UPDATE(?: SKIP LOCKED)?"),
    re.compile(r" SKIP LOCKED"),
    re.compile(r"\bDISTINCT\b(?! FROM)"),
)
_LONG_CLAUSES = re.compile(r"\b(?:ORDER BY|LIMIT|HAVING|PARTITION BY)\b")
_SWAPS = (
    (re.compile(r"<>"), "="),
    (re.compile(r"\bIS NOT NULL\b"), "IS NULL"),
    (re.compile(r"\bIS NULL\b"), "IS NOT NULL"),
    (re.compile(r"\bIS DISTINCT FROM\b"), "IS NOT DISTINCT FROM"),
    (re.compile(r"\bNOT EXISTS\b"), "EXISTS"),
    (re.compile(r"\bgreatest\("), "least("),
    (re.compile(r"\bmin\("), "max("),
    (re.compile(r"\bmax\("), "min("),
    (re.compile(r"(?<=[\w)]) \+ (?=[\w(])"), " - "),
    (re.compile(r"(?<=[\w)]) - (?=[\w(])"), " + "),
    (re.compile(r"\bDO NOTHING\b"), "DO UPDATE SET id = 0"),
    (re.compile(r"\bcoalesce\((?=\w)"), "nullif("),
)


def is_sql(text: str) -> bool:
    """Whether a text is a statement, or a part of one."""
    return _STATEMENT.search(text) is not None


def broken(text: str) -> list[str]:
    """The statement, broken in one place each time."""
    results = [*_without_conditions(text), *_without_entries(text), *_without_clauses(text), *_swapped(text)]
    return [result for result in dict.fromkeys(results) if result != text]


def _end(text: str, start: int, ends: re.Pattern[str]) -> int:
    """Where the part that begins at `start` ends: before one of `ends`, or the bracket that closes around it."""
    depth = 0
    for at in range(start, len(text)):
        if text[at] == "(":
            depth += 1
        elif text[at] == ")":
            depth -= 1
            if depth < 0:
                return at
        elif depth == 0 and at > start and ends.match(text, at):
            return at
    return len(text)


def _space_before(text: str, end: int) -> str:
    return text[len(text[:end].rstrip()) : end]


def _without_conditions(text: str) -> Iterator[str]:
    for match in _CONDITION.finditer(text):
        if re.search(r"BETWEEN[^()]*$", text[: match.start()]):
            continue
        end = _end(text, match.end(), _CONDITION_ENDS)
        constant = "FALSE" if match[0].startswith("OR") else "TRUE"
        yield text[: match.end()] + constant + _space_before(text, end) + text[end:]


def _without_entries(text: str) -> Iterator[str]:
    """Without one entry of a SET list each time; a list of one entry stays."""
    for match in re.finditer(r"\bSET\s+(?=\w+ = )", text):
        entries = [(match.end(), _end(text, match.end(), _ENTRY_ENDS))]
        while text[entries[-1][1] : entries[-1][1] + 1] == ",":
            start = entries[-1][1] + 1
            entries.append((start, _end(text, start, _ENTRY_ENDS)))
        if len(entries) == 1:
            continue
        yield text[: match.end()] + text[entries[1][0] :].lstrip()
        for start, end in entries[1:]:
            yield text[: start - 1] + _space_before(text, end) + text[end:]


def _without_clauses(text: str) -> Iterator[str]:
    for pattern in _CLAUSES:
        for match in pattern.finditer(text):
            yield text[: match.start()] + text[match.end() :]
    for match in _LONG_CLAUSES.finditer(text):
        end = _end(text, match.end(), _ENDS)
        yield text[: match.start()] + text[end:]


def _swapped(text: str) -> Iterator[str]:
    for pattern, replacement in _SWAPS:
        for match in pattern.finditer(text):
            yield text[: match.start()] + replacement + text[match.end() :]
