"""Creates the folder of a new provider from the template beside this module."""

import re
from pathlib import Path
from string import Template

from plugfn.errors import ConfigurationError

TEMPLATE = Path(__file__).parent / "template"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")


def make_provider(name: str, folder: Path, label: str = "", package: str = "") -> list[Path]:
    """Write folder/name/… and return the files. `package`: how it is imported (default: `name`).

    Raises ConfigurationError when the name is not valid or the folder exists."""
    if not _NAME.fullmatch(name) or name.endswith("_"):
        raise ConfigurationError("a provider's name must be lower-case letters, digits and _, such as acme_mail")
    target = folder / name
    if target.exists():
        raise ConfigurationError(f"{target} already exists")
    words = {
        "name": name,
        "label": label or name.replace("_", " ").title(),
        "class_name": "".join(part.capitalize() for part in name.split("_")),
        "package": package or name,
    }
    return [_write(source, target, words) for source in sorted(TEMPLATE.rglob("*.txt"))]


def _write(source: Path, target: Path, words: dict[str, str]) -> Path:
    place = target / str(source.relative_to(TEMPLATE)).removesuffix(".txt").replace("NAME", words["name"])
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(Template(source.read_text(encoding="utf-8")).substitute(words), encoding="utf-8")
    return place
