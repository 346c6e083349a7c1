"""Which user makes a request to `plugfn serve`."""

import hmac
import os
from dataclasses import dataclass, field
from typing import Any, Self

from plugfn.errors import ConfigurationError

LOOPBACK = ("127.0.0.1", "::1", "localhost")
USER_HEADER = "x-plugfn-user"


@dataclass(frozen=True)
class Doorkeeper:
    """The user of a request: always `user`, or the user in the header X-PlugFn-User if the bearer token is right."""

    user: str = ""
    token: str = field(default="", repr=False)

    @classmethod
    def chosen(cls, user: str, token_env: str, host: str) -> Self:
        """From exactly one of the options. Raises ConfigurationError, also for `user` on a public address."""
        if bool(user) == bool(token_env):
            raise ConfigurationError("choose who may call: pass either --user NAME or --token-env VARIABLE")
        if user and host not in LOOPBACK:
            raise ConfigurationError("with --user, every caller acts as that user: use it with --host 127.0.0.1 only")
        token = os.environ.get(token_env, "") if token_env else ""
        if token_env and len(token) < 32:
            raise ConfigurationError(f"the variable {token_env} must hold a token of at least 32 characters")
        return cls(user, token)

    def user_of(self, request: Any) -> str | None:
        """The user's id, or None."""
        if self.user:
            # Requests from a page of another site, or through a tunnel, name another host.
            return self.user if request.url.hostname in LOOPBACK else None
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if hmac.compare_digest(given.encode(), self.token.encode()):
            return request.headers.get(USER_HEADER) or None
        return None
