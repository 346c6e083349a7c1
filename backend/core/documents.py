"""The project's documents and sources, for the tests that hold the ones to the others."""

from collections.abc import Iterator
from pathlib import Path

from plugfn.docs.markdown import Page

ROOT = Path(__file__).resolve().parents[2]
BACKEND = ROOT / "backend"


def documents() -> list[Page]:
    """Every Markdown file of the project, outside of what is installed or generated."""
    return [Page(path, ROOT) for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])]


def document(name: str) -> Page:
    """The one at `name`, a path inside the checkout."""
    return Page(ROOT / name, ROOT)


def sources() -> Iterator[str]:
    """The product's own modules, tests and migrations left out."""
    for folder in ("apps", "core", "lib"):
        for path in sorted((BACKEND / folder).rglob("*.py")):
            if not path.name.startswith(("test_", "conftest")) and "migrations" not in path.parts:
                yield path.read_text(encoding="utf-8")
