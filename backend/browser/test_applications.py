"""A person connects an application on the consent page, whose answer may lead to another site, and ends its access."""

import base64
import hashlib
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from playwright.sync_api import expect

from browser.conftest import PHONE

VERIFIER = "v" * 60


class Back(BaseHTTPRequestHandler):
    """Where the application waits for the answer, on the person's own machine."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>back</title>")

    def log_message(self, *_arguments):
        """Nothing, because the address has the code."""


@pytest.fixture
def place():
    server = HTTPServer(("127.0.0.1", 0), Back)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/back"
    server.shutdown()
    server.server_close()


@pytest.fixture
def http():
    session = requests.Session()
    session.trust_env = False
    return session


def test_an_application_is_allowed_and_its_access_is_ended(
    open_page, watch, person, live, http, place, axe, screenshot
):
    metadata = {"client_name": "Ajudante", "redirect_uris": ["http://127.0.0.1/back"]}
    application = http.post(f"{live.url}/register", json=metadata, timeout=20).json()["client_id"]
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    asking = {
        "response_type": "code",
        "client_id": application,
        "redirect_uri": place,
        "scope": "read sync identity",
        "state": "s",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    page = open_page(person, viewport=PHONE)
    # A browser asks each server for it.
    watch.allow("favicon")
    page.goto(f"/authorize?{urlencode(asking)}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Conectar Ajudante?")
    expect(page.get_by_text(person.client.name)).to_be_visible()
    axe(page)
    screenshot(page, "consent")
    page.get_by_label("Pedir dados novos aos seus bancos").check()
    page.get_by_role("button", name="Permitir").click()
    page.wait_for_url(re.compile(re.escape(place)))
    answer = {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}
    assert (answer["state"], answer["iss"]) == ("s", live.url)
    sent = {"grant_type": "authorization_code", "client_id": application, "code": answer["code"]}
    found = http.post(f"{live.url}/token", {**sent, "code_verifier": VERIFIER}, timeout=20).json()
    assert found["scope"] == "read sync"

    def call() -> int:
        body = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": "list_accounts", "arguments": {}},
        }
        headers = {
            "Authorization": f"Bearer {found['access_token']}",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": "2025-06-18",
        }
        return http.post(f"{live.url}/mcp", json=body, headers=headers, timeout=20).status_code

    assert call() == 200
    page.goto("/settings/applications/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Aplicativos conectados")
    expect(page.get_by_text("list_accounts")).to_be_visible()
    axe(page)
    screenshot(page, "applications")
    page.get_by_role("button", name="Encerrar o acesso de Ajudante").click()
    expect(page.get_by_text("revogado", exact=True)).to_be_visible()
    assert call() == 401
