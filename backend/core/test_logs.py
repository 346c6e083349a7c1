"""Log lines: whole, redacted, and only once for as long as an outage lasts."""

import json
import logging
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from core import logs
from core.documents import BACKEND
from core.logs import LineHandler, OncePerOutage


def lines_of(code: str, style: str = "json") -> list[str]:
    """The lines that a new process logs to stderr."""
    setup = "import logging, logging.config; from core.logs import logging_config\n"
    setup += f"logging.config.dictConfig(logging_config('INFO', '{style}'))\n"
    command = [sys.executable, "-c", setup + textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, cwd=BACKEND)
    return done.stderr.splitlines()


def test_a_line_is_one_json_object_with_its_fields():
    (line,) = lines_of("logging.getLogger('a').info('Webhook %s', 'item/updated', extra={'outcome': 'accepted'})")
    fields = json.loads(line)
    assert (fields["event"], fields["outcome"], fields["level"]) == ("Webhook item/updated", "accepted", "info")
    assert fields["timestamp"].endswith("Z")


@pytest.mark.parametrize("style", ["json", "console"])
def test_secrets_and_personal_data_are_redacted_in_messages_fields_and_tracebacks(style):
    text = "\n".join(
        lines_of(
            """
            log = logging.getLogger('a')
            log.info('CPF %s', '761.092.776-73', extra={'api_key': 'abcdef', 'mail': 'maria@example.com'})
            try:
                raise ValueError('Authorization: Bearer abcdefghijkl')
            except ValueError:
                log.exception('failed')
            """,
            style,
        )
    )
    for secret in ("761.092", "abcdef", "maria@", "abcdefghijkl"):
        assert secret not in text
    assert "failed" in text


def test_lines_of_many_threads_stay_whole():
    lines = lines_of(
        """
        import threading
        def write(name):
            for n in range(200):
                logging.getLogger('a').info('x' * 500, extra={'who': name, 'n': n})
        threads = [threading.Thread(target=write, args=(name,)) for name in 'abcdefgh']
        [thread.start() for thread in threads]; [thread.join() for thread in threads]
        """
    )
    seen = {(line["who"], line["n"]) for line in map(json.loads, lines)}
    assert len(lines) == len(seen) == 1600


def test_an_outage_is_logged_once_without_its_traceback_until_it_is_over(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(logs.time, "monotonic", lambda: clock[0])
    once = OncePerOutage()

    def passes(level: int = logging.ERROR, message: str = "Cannot connect to %s") -> bool:
        record = logging.LogRecord("celery", level, "", 1, message, ("redis",), (ValueError, ValueError(), None))
        return once.filter(record) and (level < logging.ERROR or record.exc_info is None)

    passed = []
    for moment in (0, 2, 6, 12, 40, 72, 140):
        clock[0] = moment
        passed.append(passes())
    assert passed == [True, False, False, False, False, False, True]
    assert passes(logging.INFO)
    assert passes(message="Something else")


def test_a_line_that_cannot_be_rendered_is_replaced_without_its_arguments():
    (line,) = lines_of("logging.getLogger('a').info('took %d ms', 'Bearer abcdefghijkl')")
    assert line == "A line of a could not be rendered: TypeError"


def test_a_line_that_cannot_be_written_raises_nothing(monkeypatch):
    with Path("/dev/full").open("wb") as full:
        monkeypatch.setattr(logs, "STDERR", full.fileno())
        handler = LineHandler()
        for _ in range(3):
            handler.emit(logging.LogRecord("a", logging.INFO, "", 1, "text", (), None))


def test_lines_are_dropped_without_waiting_if_stderr_is_not_read(monkeypatch, wait_until):
    monkeypatch.setattr(logs, "BACKLOG", 100)
    monkeypatch.setattr(logs, "FAREWELL", 0.01)
    handler, (reader, writer) = LineHandler(), os.pipe()
    monkeypatch.setattr(logs, "STDERR", writer)
    record = logging.LogRecord("a", logging.INFO, "", 1, "x" * 100_000, (), None)
    handler.emit(record)
    wait_until(lambda: not handler._lines, 5, "the stuck writer")
    for _ in range(500):
        handler.emit(record)
    assert len(handler._lines) == 100
    handler.flush()
    os.close(reader)
    wait_until(lambda: not handler._lines, 5, "the writer")
    assert handler._writer.is_alive()
    os.close(writer)


def test_the_last_lines_of_a_process_are_written_before_it_ends():
    assert len(lines_of("[logging.getLogger('a').info('line %d', n) for n in range(1000)]")) == 1000


def test_a_forked_process_writes_its_own_lines_and_not_those_of_its_parent():
    lines = lines_of(
        """
        import os
        logging.getLogger('a').info('from the parent')
        if not os.fork():
            logging.getLogger('a').info('from the child')
            logging.shutdown()
            os._exit(0)
        os.wait()
        """
    )
    assert sorted(json.loads(line)["event"] for line in lines) == ["from the child", "from the parent"]


def test_a_record_still_has_its_process_for_the_format_of_gunicorn():
    record = logging.LogRecord("gunicorn.error", logging.INFO, "", 1, "Worker exiting", (), None)
    assert logging.Formatter("[%(process)d] %(message)s").format(record) == f"[{os.getpid()}] Worker exiting"
