import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import chromium
from ponte_demo import person, show
from ponte_demo.run import Options, Run
from ponte_demo.walk import kind_of, walk


class BlankPage(BaseHTTPRequestHandler):
    """Every page has a title and an alert, and no link."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write("<link rel=icon href='data:,'><title>Conexões</title><p role=alert>Fora do ar</p>".encode())

    def log_message(self, *_values: object) -> None:
        """Tests need no log."""


@pytest.fixture
def blank_site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), BlankPage) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_a_step_that_fails_is_one_line_with_what_was_seen(
    blank_site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(person, "PATIENCE_SECONDS", 0.2)
    with chromium.started(chromium.find_or_fail(), tmp_path) as debugger:
        found = asyncio.run(walk(blank_site, debugger, tmp_path))
    assert found == {"visited": 1, "errors": 1, "console_errors": 0}
    wanted = "“Conectar um banco” to follow (main a); it shows “Conexões Fora do ar”"
    assert capsys.readouterr().err == (
        f"done in Chromium: nothing\na page's error: connect: /connections/: waited 0 s for {wanted}\n"
    )


@pytest.mark.parametrize(
    ("pages", "failed"),
    [
        (None, False),
        ({"visited": 9, "errors": 0, "console_errors": 0}, False),
        ({"visited": 9, "errors": 1, "console_errors": 0}, True),
        ({"visited": 9, "errors": 0, "console_errors": 1}, True),
    ],
)
def test_an_error_in_the_pages_fails_the_run(pages: dict[str, int] | None, failed: bool, tmp_path: Path):
    run = Run(Options(once=True), tmp_path, "", show.Show(as_json=True), 0.0, figures={"pages": pages})
    assert run.have_pages_failed() is failed


def test_pages_of_one_kind_differ_in_an_id_or_a_number_alone():
    ids = ("82c98347-9d5c-4ad2-8b6e-f6b91bcef072", "f5051036c24843b18f2f6f43eb86ba02", "7")
    assert {kind_of(f"http://a/integrations/{each}/edit/?next=2") for each in ids} == {"/integrations/#/edit/"}
