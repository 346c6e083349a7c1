"""The pages of PlugFn's documentation."""

from pathlib import Path

from plugfn.docs.markdown import Page

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


def page(name: str) -> Page:
    """A page by its path in the project."""
    return Page(ROOT / name, ROOT)


def pages() -> list[Page]:
    """All pages."""
    return [Page(path, ROOT) for path in PAGES]
