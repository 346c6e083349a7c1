"""The project's documents, taken apart for the tests that hold them to the code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BACKEND = ROOT / "backend"

_FENCE = re.compile(r"^[ ]*```(\w*)\n(.*?)^[ ]*```[ ]*$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


@dataclass(frozen=True)
class Document:
    """One Markdown file."""

    path: Path

    @property
    def name(self) -> str:
        """Its path inside the checkout."""
        return str(self.path.relative_to(ROOT))

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def prose(self) -> str:
        """The text without its fenced blocks."""
        return _FENCE.sub("", self.text)

    @cached_property
    def spans(self) -> list[str]:
        """What stands between backticks in the prose."""
        return _SPAN.findall(self.prose)

    @cached_property
    def commands(self) -> list[str]:
        """What somebody may paste into a shell: lines of fenced blocks, their continuations joined, and spans."""
        blocks = [body.replace("\\\n", " ") for language, body in _FENCE.findall(self.text) if language in ("", "bash")]
        return [line.strip() for body in blocks for line in body.splitlines()] + self.spans

    @cached_property
    def links(self) -> list[str]:
        return _LINK.findall(_SPAN.sub("", self.prose))

    @cached_property
    def anchors(self) -> set[str]:
        """What a link may name after `#`, as GitHub makes it of the headings."""
        found: list[str] = []
        for heading in _HEADING.findall(self.prose):
            plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
            slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
            found.append(f"{slug}-{found.count(slug)}" if slug in found else slug)
        return set(found)

    def table(self, *header: str) -> Iterator[list[str]]:
        """The cells of every row below a header that begins with these titles."""
        wanted = "| " + " | ".join(header) + " |"
        for part in self.prose.split(wanted)[1:]:
            _rest_of_header, _rule, *lines = part.split("\n")
            for line in lines:
                if not line.startswith("|"):
                    break
                yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def documents() -> list[Document]:
    """Every Markdown file of the project, outside of what is installed or generated."""
    return [Document(path) for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])]


def document(name: str) -> Document:
    """The one at `name`, a path inside the checkout."""
    return Document(ROOT / name)


def sources() -> Iterator[str]:
    """The product's own modules, tests and migrations left out."""
    for folder in ("apps", "core", "lib"):
        for path in sorted((BACKEND / folder).rglob("*.py")):
            if not path.name.startswith(("test_", "conftest")) and "migrations" not in path.parts:
                yield path.read_text(encoding="utf-8")
