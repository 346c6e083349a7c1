"""A line to PostgreSQL that can hang, be cut, or lose the answer."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
from django.db import connections


class Line:
    """A relay on a port of its own, between new connections and PostgreSQL's Unix socket."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._open = threading.Event()
        self._open.set()
        self._answers = threading.Event()
        self._answers.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def hang(self) -> None:
        """From now on nothing arrives, on either side."""
        self._open.clear()

    def lose_answers(self) -> None:
        """From now on PostgreSQL gets what is sent, and its answers are lost."""
        self._answers.clear()

    def mend(self) -> None:
        """Work again, for new connections."""
        self.cut()
        self._open.set()
        self._answers.set()

    def cut(self) -> None:
        """End all connections."""
        for pair in self._pairs:
            _end(*pair)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._target)
            self._pairs.append((near, far))
            threading.Thread(target=self._relay, args=(near, far, None), daemon=True).start()
            threading.Thread(target=self._relay, args=(far, near, self._answers), daemon=True).start()

    def _relay(self, source: socket.socket, target: socket.socket, gate: threading.Event | None) -> None:
        try:
            while data := source.recv(65536):
                self._open.wait()
                if gate is None or gate.is_set():
                    target.sendall(data)
        except OSError:
            return
        finally:
            _end(source, target)

    def close(self) -> None:
        """End everything."""
        self._listener.close()
        self.mend()
        for pair in self._pairs:
            for end in pair:
                end.close()


def _end(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):  # it ended already
            end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def line(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    """New connections to the database take this line; the one of the test itself does not."""
    connections["default"].ensure_connection()
    parameters = connections["default"].get_connection_params()
    made = Line(f"{parameters['host']}/.s.PGSQL.{parameters.get('port', 5432)}")
    with monkeypatch.context() as patch:
        patch.setitem(connections.settings["default"]["OPTIONS"], "host", "127.0.0.1")
        patch.setitem(connections.settings["default"]["OPTIONS"], "port", made.port)
        yield made
    made.close()
