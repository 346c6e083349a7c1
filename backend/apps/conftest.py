"""A program that calls the REST API, for the tests of every app that has endpoints."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client as Browser


@dataclass
class Caller:
    """Calls with a token, and reads every answer as JSON."""

    browser: Browser
    token: str = ""

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, dict]:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        content = body if isinstance(body, bytes | str) else json.dumps(body) if body is not None else ""
        headers |= more.pop("headers", {})
        answer = self.browser.generic(
            method, path, content, content_type=more.pop("content_type", "application/json"), headers=headers, **more
        )
        self.answer = answer
        return answer.status_code, json.loads(answer.content)

    def get(self, path: str, **query: Any) -> tuple[int, dict]:
        return self.call("GET", path, query_params=query)

    def post(self, path: str, body: Any = None, **more: Any) -> tuple[int, dict]:
        return self.call("POST", path, body, **more)

    def patch(self, path: str, body: Any) -> tuple[int, dict]:
        return self.call("PATCH", path, body)

    def delete(self, path: str) -> tuple[int, dict]:
        return self.call("DELETE", path)


@pytest.fixture
def stranger() -> Caller:
    """A caller without a token."""
    return Caller(Browser(raise_request_exception=False))


@pytest.fixture
def caller() -> Any:
    """Makes a caller with a personal token of a membership: `caller(member, "read")`."""
    from apps.api.tokens import make_token

    def make(member: Any, *scopes: str) -> Caller:
        token = make_token(member, "a program", scopes or ("read", "write"), days=1)[1]
        return Caller(Browser(raise_request_exception=False), token)

    return make
