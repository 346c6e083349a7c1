"""The log lines: JSON in production, readable text for development, and no secrets in either."""

import json
import logging
import os
import threading
import time
from collections import deque
from datetime import UTC, datetime
from typing import Any

import structlog
from structlog.typing import EventDict

from lib.pages.reference import current
from lib.redact import redact_event

STDERR = 2
# No line shows its place in the code or its thread. Looking these up would cost more than the rest of a line.
logging._srcfile = None
# logProcesses stays on, because gunicorn's formats for an access log and for syslog may show the process.
logging.logThreads = logging.logMultiprocessing = False
# If more lines than this wait for stderr, further lines are dropped.
BACKLOG = 10_000
# Seconds that the writer waits for more lines after the first. Waking it for each would cost more than writing.
GATHER = 0.01
# Seconds that the end of the process waits for a reader of stderr.
FAREWELL = 1
# Seconds without a message after which an outage is over. Celery reports an unreachable broker every half minute.
OUTAGE_ENDS_AFTER = 60


class LineHandler(logging.Handler):
    """Writes whole lines to stderr, in a thread of its own, so that a reader that hangs stops neither loop nor task."""

    def __init__(self) -> None:
        super().__init__()
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        # A forked child has neither the thread of its parent nor its lines to write.
        self._lines: deque[bytes] = deque()
        self._wanted, self._written = threading.Event(), threading.Event()
        self._written.set()
        self._writer: threading.Thread | None = None

    def createLock(self) -> None:
        """Use no lock: nothing here needs one, and no thread waits."""
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        """Render the line, and leave it to the writer. If the reader of stderr hangs, lines are dropped."""
        if len(self._lines) >= BACKLOG:
            return
        self._lines.append(self._line(record))
        if not self._wanted.is_set():
            self._written.clear()
            self._wanted.set()
        if self._writer is None:
            self._writer = threading.Thread(target=self._write_all, name="log-writer", daemon=True)
            self._writer.start()

    def flush(self) -> None:
        """Wait until the lines are written, but not for a reader that hangs. Python calls this before it ends."""
        self._written.wait(FAREWELL)

    def _write_all(self) -> None:
        while self._wanted.wait():
            time.sleep(GATHER)
            self._wanted.clear()
            self._write(b"".join([self._lines.popleft() for _ in range(len(self._lines))]))
            if not self._lines:
                self._written.set()

    def _write(self, text: bytes) -> None:
        left = memoryview(text)
        while left:
            try:
                left = left[os.write(STDERR, left) :]
            except OSError:  # a full disk or a closed pipe: a lost log line must not fail the work that it describes
                return

    def _line(self, record: logging.LogRecord) -> bytes:
        try:
            return (self.format(record) + "\n").encode("utf-8", "backslashreplace")
        except Exception as error:  # noqa: BLE001 - logging would report it with all arguments, even secrets
            return f"A line of {record.name} could not be rendered: {type(error).__name__}\n".encode()


class LineFormatter(logging.Formatter):
    """Renders a record's message, fields and traceback as one line, after redaction.

    structlog's own formatter costs several times more, and this is a fifth of what a webhook costs.
    """

    def __init__(self, style: str) -> None:
        super().__init__()
        self._render = structlog.dev.ConsoleRenderer() if style == "console" else _as_json

    def format(self, record: logging.LogRecord) -> str:
        """The line without its end."""
        line: EventDict = {
            "event": record.getMessage(),
            "logger": record.name,
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
        }
        line.update((name, value) for name, value in record.__dict__.items() if name not in _STANDARD)
        if reference := current():
            line["reference"] = reference
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return str(self._render(None, "", redact_event(None, "", line)))


# The attributes that every record has; all others are fields of the caller.
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_ENCODER = json.JSONEncoder(default=repr)


def _as_json(_logger: object, _method: str, line: EventDict) -> str:
    return _ENCODER.encode(line)


class OncePerOutage(logging.Filter):
    """Passes an error once per outage, however often it is repeated, and without its traceback."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is no error, or its message was not logged within OUTAGE_ENDS_AFTER seconds."""
        if record.levelno < logging.ERROR:
            return True
        record.exc_info = record.exc_text = None
        template, now = str(record.msg)[:60], time.monotonic()
        last, self._last[template] = self._last.get(template), now
        return last is None or now - last > OUTAGE_ENDS_AFTER


def logging_config(level: str, style: str) -> dict[str, Any]:
    """A dictionary for logging.config. `style` is `json` or `console`. All lines go to stderr."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": LineFormatter, "style": style}},
        "filters": {"once": {"()": OncePerOutage}},
        "handlers": {"stderr": {"()": LineHandler, "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django.server": {"handlers": ["stderr"], "level": level, "propagate": False},
            # Django's line for a 4xx shows the whole path. Our own line says more and shows no path.
            "django.request": {"level": "ERROR"},
            # Our own [TASK] lines say the same, and the outcome.
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            # It would write some lines for each request.
            "mcp": {"level": "WARNING"},
            "celery.worker.consumer.consumer": {"filters": ["once"]},
            "celery.beat": {"filters": ["once"]},
        },
    }
