"""The project's documents and sources, for the tests that compare them."""

from collections.abc import Iterator
from pathlib import Path

from plugfn.docs.markdown import Page

ROOT = Path(__file__).resolve().parents[2]
BACKEND = ROOT / "backend"


def documents() -> list[Page]:
    """The Markdown files in the project's folder and in docs/."""
    return [Page(path, ROOT) for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])]


def document(name: str) -> Page:
    """The document at the path `name` inside the checkout."""
    return Page(ROOT / name, ROOT)


def sources() -> Iterator[str]:
    """The text of each of the product's modules, without tests and migrations."""
    for folder in ("apps", "core", "lib"):
        for path in sorted((BACKEND / folder).rglob("*.py")):
            if not path.name.startswith(("test_", "conftest")) and "migrations" not in path.parts:
                yield path.read_text(encoding="utf-8")
