"""A program that uses the REST API with a personal access token."""

from typing import Any

import requests

from ponte_demo.telling import Failed

# A send waits up to ten seconds if it is asked to.
TIMEOUT = (2, 30)
Body = dict[str, Any]


class Program:
    """`base`: the web server's address."""

    def __init__(self, base: str, token: str) -> None:
        self._base = f"{base}/api/"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str) -> Body:
        """The answer. Raises Failed if it is an error, as the other methods do."""
        return self._ask("GET", path)

    def post(self, path: str, body: Body | None = None, *, key: str = "") -> Body:
        """`key`: the same one makes two calls one send."""
        return self._ask("POST", path, body or {}, {"Idempotency-Key": key} if key else {})

    def patch(self, path: str, body: Body) -> Body:
        """Change something."""
        return self._ask("PATCH", path, body)

    def refusal(self, path: str, body: Body) -> str:
        """The code with which a call is refused. Raises Failed if it is not."""
        answer = self._send("POST", path, body)
        if answer.ok:
            raise Failed(f"POST {path} was not refused: {answer.text}")
        code: str = answer.json()["error_code"]
        return code

    def _ask(self, method: str, path: str, body: Body | None = None, headers: dict[str, str] | None = None) -> Body:
        answer = self._send(method, path, body, headers)
        if not answer.ok:
            raise Failed(f"{method} {path} was answered {answer.status_code}: {answer.text}")
        document: Body = answer.json()
        return document

    def _send(
        self, method: str, path: str, body: Body | None = None, headers: dict[str, str] | None = None
    ) -> requests.Response:
        return self._session.request(method, self._base + path, json=body, headers=headers, timeout=TIMEOUT)
