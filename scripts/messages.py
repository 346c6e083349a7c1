"""`scripts/messages`: the .po and .mo files of the shell and of each app."""

import argparse
import os
import re
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command

BACKEND = Path(__file__).resolve().parents[1] / "backend"
# The texts of these folders are the shell's; each app has its own.
SHELL = {"core", "lib", "templates", "locale"}
LANGUAGE = "pt_BR"
# Without dates, so that a file changes only where its texts do.
HEADER = """msgid ""
msgstr ""
"Language: pt_BR\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\\n"
"""
_OLD_HEADER = re.compile(r'\A[\s\S]*?msgid ""\nmsgstr ""\n(?:"[^\n]*\n)*')


def folders() -> list[Path]:
    """The folders that have a `locale` folder."""
    return sorted(path.parent for path in [BACKEND / "locale", *(BACKEND / "apps").glob("*/locale")])


def collect(folder: Path) -> None:
    """Bring the folder's .po file up to date."""
    others = [entry.name for entry in BACKEND.iterdir() if entry.is_dir() and entry.name not in SHELL]
    call_command(
        "makemessages",
        locale=[LANGUAGE],
        no_obsolete=True,
        no_wrap=True,
        add_location="file",
        ignore_patterns=["test_*.py", "conftest.py", *(f"{name}/*" for name in others if folder == BACKEND)],
    )
    file = folder / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"
    text = file.read_text(encoding="utf-8")
    file.write_text(_OLD_HEADER.sub(lambda _: HEADER, text, count=1), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compile", action="store_true", help="only write the .mo files")
    only_compile = parser.parse_args().compile
    settings.configure(USE_I18N=True)
    django.setup()
    for folder in folders():
        os.chdir(folder)
        (folder / "locale" / LANGUAGE / "LC_MESSAGES").mkdir(parents=True, exist_ok=True)
        if not only_compile:
            collect(folder)
        call_command("compilemessages", locale=[LANGUAGE])
    return 0


if __name__ == "__main__":
    sys.exit(main())
