"""The pages as tests read them: their text, their blocks, what they name in code, where they lead."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        ROOT / "examples/README.md",
        *ROOT.glob("providers/*/README.md"),
        ROOT / "providers/whatsapp_uazapi/vocabulary/README.md",
    ]
)

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def prose(self) -> str:
        """Without its blocks."""
        return _BLOCK.sub("", self.text)

    def blocks(self, kind: str) -> list[str]:
        """Its blocks of a language, behind as many empty lines as stand before them: errors name the page's lines."""
        found = [one for one in _BLOCK.finditer(self.text) if one[1] == kind]
        return ["\n" * (self.text.count("\n", 0, one.start()) + 1) + one[2] for one in found]

    @property
    def code(self) -> list[str]:
        """What stands in backticks."""
        return _CODE.findall(self.prose)

    @property
    def links(self) -> list[str]:
        """Where it leads, but for the web."""
        return [link for link in _LINK.findall(self.prose) if "://" not in link and not link.startswith("mailto:")]

    @property
    def anchors(self) -> set[str]:
        """Its headings, as links name them."""
        return {_slug(heading) for heading in _HEADING.findall(self.prose)}

    def commands(self, program: str) -> Iterator[str]:
        """The command lines of a program, in backticks and in console blocks."""
        lines = [line for block in self.blocks("console") for line in block.splitlines()]
        yield from (line for line in [*self.code, *lines] if line.startswith(f"{program} "))


def _slug(heading: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", heading.replace("`", "").strip().lower())
    return kept.replace(" ", "-")


def page(name: str) -> Page:
    """A page by its path below the project."""
    return Page(ROOT / name)


def pages() -> list[Page]:
    """All of them."""
    return [Page(path) for path in PAGES]
