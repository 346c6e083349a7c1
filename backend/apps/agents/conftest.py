"""An application as a test plays it: it registers, asks a person, and fetches its tokens."""

import base64
import hashlib
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client as Browser

BASE = "https://ponte.example.com"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
PLACE = "https://assistant.example/back"


class Program:
    """Written from the standards, without a library of ours or of others."""

    def __init__(self) -> None:
        self.http = Browser()
        self.id = ""

    def post(self, path: str, **fields: Any) -> tuple[int, dict]:
        self.answer = self.http.post(path, fields)
        return self.answer.status_code, self.answer.json()

    def register(self, **metadata: Any) -> tuple[int, dict]:
        content = {"client_name": "Robot 9", "redirect_uris": [PLACE], **metadata}
        self.answer = self.http.post("/register", json.dumps(content), content_type="application/json")
        found = self.answer.json()
        self.id = found.get("client_id", self.id)
        return self.answer.status_code, found

    def asking(self, **changes: Any) -> dict[str, str]:
        usual = {
            "response_type": "code",
            "client_id": self.id,
            "redirect_uri": PLACE,
            "scope": "read",
            "state": "the state",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "resource": f"{BASE}/mcp",
        }
        return {name: value for name, value in {**usual, **changes}.items() if value is not None}

    def exchange(self, code: str, **changes: Any) -> tuple[int, dict]:
        usual = {"grant_type": "authorization_code", "client_id": self.id, "code": code}
        return self.post("/token", **{**usual, "code_verifier": VERIFIER, "redirect_uri": PLACE, **changes})

    def renew(self, token: str, **changes: Any) -> tuple[int, dict]:
        return self.post("/token", grant_type="refresh_token", refresh_token=token, **{"client_id": self.id, **changes})


class Person:
    """Signed in, with a browser."""

    def __init__(self, member: Any) -> None:
        self.member = member
        self.browser = Browser(headers={"Accept-Language": "en"})
        self.browser.force_login(member.user)

    def sees(self, asking: dict[str, str]) -> Any:
        return self.browser.get("/authorize", asking)

    def answers(self, asking: dict[str, str], *scopes: str, decision: str = "allow") -> Any:
        sent = {"client": str(self.member.client_id), "scopes": scopes or ("read",), "decision": decision}
        return self.browser.post("/authorize", sent, query_params=asking)


def back(answer: Any) -> dict[str, str]:
    """What the application reads in the address to which the browser comes back."""
    assert answer.status_code == 302, answer.content
    return {name: values[0] for name, values in parse_qs(urlsplit(answer["Location"]).query).items()}


@pytest.fixture
def program() -> Program:
    program = Program()
    assert program.register()[0] == 201
    return program


@pytest.fixture
def person() -> Person:
    from apps.clients.factories import MembershipFactory

    return Person(MembershipFactory())


@pytest.fixture
def tokens(program, person) -> dict:
    """The tokens of a program that a person has just allowed to read."""
    code = back(person.answers(program.asking()))["code"]
    status, found = program.exchange(code)
    assert status == 200, found
    return found
