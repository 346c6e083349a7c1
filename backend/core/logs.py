"""How log lines look: one JSON object each in production, readable text at a desk, never a secret."""

import logging
import os
from typing import Any

import structlog

from lib.redact import redact_event


class LineHandler(logging.Handler):
    """Writes each line whole, with one call, to stderr.

    Without a lock: the sixteen requests that one commit answers would all stand in line for it, and it would be held
    while each line is rendered.
    """

    def createLock(self) -> None:
        """Have none."""
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        """Render and write."""
        try:
            line = memoryview((self.format(record) + "\n").encode("utf-8", "backslashreplace"))
            while line:
                line = line[os.write(2, line) :]
        except Exception:  # noqa: BLE001 - logging reports its own trouble, and never its caller's
            self.handleError(record)


def logging_config(level: str, style: str) -> dict[str, Any]:
    """A logging.config dictionary; `style` is `json` or `console`. Everything goes to stderr."""
    renderer = structlog.dev.ConsoleRenderer() if style == "console" else structlog.processors.JSONRenderer()
    shared = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.format_exc_info,
    ]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact_event, renderer],
            }
        },
        "handlers": {"stderr": {"()": LineHandler, "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django.server": {"handlers": ["stderr"], "level": level, "propagate": False},
            # Its line for each 4xx holds the whole path; ours says more and holds none.
            "django.request": {"level": "ERROR"},
        },
    }
