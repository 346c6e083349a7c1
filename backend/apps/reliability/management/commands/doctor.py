"""manage.py doctor: what stands between this installation and the first synced bank, in order."""

import json
import textwrap
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from apps.reliability.doctor.examine import examine
from apps.reliability.doctor.finding import Level, Line

SIGNS = {
    Level.GOOD: "ok  ",
    Level.WAITING: "…   ",
    Level.WARNING: "!   ",
    Level.BAD: "FAIL",
    Level.SKIPPED: "-   ",
}
WIDTH = 100


class Command(BaseCommand):
    help = "Say in order what stands between this installation and the first synced bank, and what to do about it."
    # It reports what is wrong by itself, also with settings that the checks would refuse.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
        parser.add_argument("--language", default="en", choices=["en", "pt-br"], help="of the lines (default: en)")

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override(options["language"]):
            lines = []
            for line in examine():
                lines.append(line)
                if not options["json"]:
                    self._print(line)
            if options["json"]:
                self.stdout.write(json.dumps({"checks": [_as_json(line) for line in lines]}, ensure_ascii=False))
        failed = [line.check.name for line in lines if line.finding.level == Level.BAD]
        if failed:
            raise CommandError(f"{len(failed)} of {len(lines)} checks failed: {', '.join(failed)}")

    def _print(self, line: Line) -> None:
        head = f"{SIGNS[line.finding.level]}  {line.check.label!s:<24}"
        indent = " " * len(head)
        self.stdout.write(textwrap.fill(f"{head}{line.finding.found}", WIDTH, subsequent_indent=indent))
        if line.finding.todo:
            todo = textwrap.fill(
                f"→ {line.finding.todo}", WIDTH, initial_indent=indent, subsequent_indent=indent + "  "
            )
            self.stdout.write(todo)
        self.stdout.flush()


def _as_json(line: Line) -> dict[str, str]:
    finding = line.finding
    return {
        "check": line.check.name,
        "level": str(finding.level),
        "found": str(finding.found),
        "todo": str(finding.todo),
    }
