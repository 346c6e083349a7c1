"""Reads Markdown pages for tests: their text, blocks, code spans and links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

_FENCE = re.compile(r"^[ ]*```(\w*)\n(.*?)^[ ]*```[ ]*$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


@dataclass(frozen=True)
class Page:
    """One Markdown file of a project whose folder is `root`."""

    path: Path
    root: Path

    @property
    def name(self) -> str:
        """Its path in the project."""
        return self.path.relative_to(self.root).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def prose(self) -> str:
        """The text without fenced blocks."""
        return _FENCE.sub("", self.text)

    @cached_property
    def spans(self) -> list[str]:
        """The code spans of the prose."""
        return _SPAN.findall(self.prose)

    @cached_property
    def links(self) -> list[str]:
        """The targets of its links."""
        return _LINK.findall(_SPAN.sub("", self.prose))

    @cached_property
    def anchors(self) -> set[str]:
        """The anchors of its headings, as GitHub makes them."""
        anchors: list[str] = []
        for heading in _HEADING.findall(self.prose):
            plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
            slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
            anchors.append(f"{slug}-{anchors.count(slug)}" if slug in anchors else slug)
        return set(anchors)

    def blocks(self, *languages: str) -> list[str]:
        """Its blocks of these languages, each after as many empty lines as precede it, so that line numbers fit."""
        matches = [match for match in _FENCE.finditer(self.text) if match[1] in languages]
        return ["\n" * (self.text.count("\n", 0, match.start()) + 1) + match[2] for match in matches]

    def commands(self, *languages: str) -> list[str]:
        """Shell commands: code spans, and the lines of blocks of these languages with continuations joined."""
        blocks = [block.replace("\\\n", " ") for block in self.blocks(*languages)]
        return [line.strip() for block in blocks for line in block.splitlines()] + self.spans

    def table(self, *header: str) -> Iterator[list[str]]:
        """The cells of every row below a header that begins with these titles."""
        wanted = "| " + " | ".join(header) + " |"
        for part in self.prose.split(wanted)[1:]:
            _rest_of_header, _rule, *lines = part.split("\n")
            for line in lines:
                if not line.startswith("|"):
                    break
                yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
