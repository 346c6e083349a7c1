"""How log lines look: one JSON object each in production, readable text at a desk, never a secret."""

import logging
import os
import time
from typing import Any

import structlog

from lib.combiner import Combiner
from lib.redact import redact_event

STDERR = 2
# Nobody shows where in the code a line was written, nor by which thread: finding out would cost more than the rest.
logging._srcfile = None
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
BACKLOG = 10_000
# Seconds of silence. Celery says at least every half minute that it still cannot reach the broker.
OUTAGE_ENDS_AFTER = 60


class LineHandler(logging.Handler):
    """Renders and writes lines to stderr: those of requests that end in one moment together, and none in pieces."""

    def __init__(self) -> None:
        super().__init__()
        self._records = Combiner(self._write)

    def createLock(self) -> None:
        """Have none: whoever is at it has all there is, and nobody waits."""
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        """Have it written now, by this thread or by one that is at it already."""
        # Where whoever reads stderr has stalled, memory is worth more than lines.
        if len(self._records) < BACKLOG:
            self._records.put(record)

    def _write(self, records: list[logging.LogRecord]) -> None:
        left = memoryview(b"".join(map(self._line, records)))
        while left:
            try:
                left = left[os.write(STDERR, left) :]
            except OSError:  # a full disk, a reader that is gone: whether a line is kept must not decide what is done
                return

    def _line(self, record: logging.LogRecord) -> bytes:
        try:
            return (self.format(record) + "\n").encode("utf-8", "backslashreplace")
        except Exception as error:  # noqa: BLE001 - logging's own report would print the arguments, secrets too
            return f"A line of {record.name} could not be rendered: {type(error).__name__}\n".encode()


class Once(logging.Filter):
    """Lets what says the same again and again, as long as an outage lasts, say it once, and without a traceback."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it was silent for a while before."""
        if record.levelno < logging.ERROR:
            return True
        record.exc_info = record.exc_text = None
        template, now = str(record.msg)[:60], time.monotonic()
        before, self._last[template] = self._last.get(template), now
        return before is None or now - before > OUTAGE_ENDS_AFTER


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
        "filters": {"once": {"()": Once}},
        "handlers": {"stderr": {"()": LineHandler, "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django.server": {"handlers": ["stderr"], "level": level, "propagate": False},
            # Its line for each 4xx holds the whole path; ours says more and holds none.
            "django.request": {"level": "ERROR"},
            # Our own [TASK] lines say what these say, and what came of it.
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.consumer.consumer": {"filters": ["once"]},
            "celery.beat": {"filters": ["once"]},
        },
    }
