"""Connecting and refreshing at an independent authorization server: Authlib's, over real HTTP."""

import secrets
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import flask
import httpx2
import pytest
from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector, current_token
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, TokenMixin, grants
from authlib.oauth2.rfc6750 import BearerTokenValidator
from authlib.oauth2.rfc7636 import CodeChallenge
from werkzeug.serving import make_server

from plugfn.crypto import new_key
from plugfn.definition import OAuth2, OAuthSettings, Origin, Provider
from plugfn.errors import NeedsReconnect
from plugfn.plug import PlugFn
from plugfn.testing.oauth_site import BASE_URL, CLIENT_ID, CLIENT_SECRET, Me, Nothing

REDIRECT = f"{BASE_URL}/oauth/peer/callback"


class Client(ClientMixin):
    """The registered client."""

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> str:
        return REDIRECT

    def get_allowed_scope(self, scope: str) -> str:
        return " ".join(one for one in scope.split() if one in ("read", "write"))

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == REDIRECT

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == CLIENT_SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in ("authorization_code", "refresh_token")


class Code(SimpleNamespace, AuthorizationCodeMixin):
    """An authorization code."""

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> None:
        return None


class Token(SimpleNamespace, TokenMixin):
    """An issued token."""

    def check_client(self, client: Client) -> bool:
        return True

    def get_scope(self) -> str:
        return self.scope

    def get_expires_in(self) -> int:
        return self.expires_in

    def is_expired(self) -> bool:
        return self.ends < time.time()

    def is_revoked(self) -> bool:
        return self.revoked

    def get_user(self) -> str:
        return "acct-1"

    def get_client(self) -> Client:
        return Client()


def code_grant(codes: dict[str, Code]) -> type[grants.AuthorizationCodeGrant]:
    class FromCode(grants.AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic"]

        def save_authorization_code(self, code: str, request: Any) -> None:
            data = request.payload.data
            codes[code] = Code(
                redirect_uri=request.payload.redirect_uri,
                scope=request.payload.scope,
                code_challenge=data.get("code_challenge"),
                code_challenge_method=data.get("code_challenge_method"),
                code=code,
            )

        def query_authorization_code(self, code: str, client: Client) -> Code | None:
            return codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            del codes[authorization_code.code]

        def authenticate_user(self, authorization_code: Code) -> str:
            return "acct-1"

    return FromCode


def refresh_grant(tokens: list[Token]) -> type[grants.RefreshTokenGrant]:
    class FromRefresh(grants.RefreshTokenGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic"]
        INCLUDE_NEW_REFRESH_TOKEN = True

        def authenticate_refresh_token(self, refresh_token: str) -> Token | None:
            live = (token for token in tokens if not token.revoked and token.refresh_token == refresh_token)
            return next(live, None)

        def authenticate_user(self, refresh_token: Token) -> str:
            return "acct-1"

        def revoke_old_credential(self, refresh_token: Token) -> None:
            refresh_token.revoked = True

    return FromRefresh


def server() -> tuple[flask.Flask, list[Token]]:
    app, tokens = flask.Flask("peer"), list[Token]()

    class Validator(BearerTokenValidator):
        def authenticate_token(self, token_string: str) -> Token | None:
            return next((token for token in tokens if token.access_token == token_string), None)

    def save(token: dict[str, Any], _request: Any) -> None:
        tokens.append(Token(**token, ends=time.time() + token["expires_in"], revoked=False))

    app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = lambda *_, **__: secrets.token_urlsafe(24)
    oauth = AuthorizationServer(
        app, query_client=lambda client_id: Client() if client_id == CLIENT_ID else None, save_token=save
    )
    oauth.register_grant(code_grant({}), [CodeChallenge(required=True)])
    oauth.register_grant(refresh_grant(tokens))
    protect = ResourceProtector()
    protect.register_token_validator(Validator())

    @app.get("/authorize")
    def authorize() -> Any:
        return oauth.create_authorization_response(
            grant=oauth.get_consent_grant(end_user="acct-1"), grant_user="acct-1"
        )

    @app.post("/token")
    def token() -> Any:
        return oauth.create_token_response()

    @app.get("/api/me")
    @protect("read")
    def me() -> Any:
        return {"account": current_token.get_user(), "scopes": current_token.scope.split()}

    return app, tokens


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[Token]]]:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    app, tokens = server()
    listening = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{listening.server_port}", tokens
    listening.shutdown()
    thread.join()
    listening.server_close()


async def whoami(call: Any, params: Nothing) -> Me:
    return (await call.http.get("/api/me")).read(Me)


def a_plug(url: str) -> PlugFn:
    provider = Provider(
        name="peer",
        label="Peer",
        auth=OAuth2(
            f"{url}/authorize", f"{url}/token", scopes=("read", "write", "admin"), client_auth="client_secret_basic"
        ),
        docs_url="https://peer.example",
        origin=lambda settings, credentials: Origin(url, trusted=True),
        settings=OAuthSettings,
        headers=lambda tokens: {"Authorization": f"Bearer {tokens.access_token.get_secret_value()}"},
    )
    provider.action("me.get", summary="Whose token it is.", safe=True)(whoami)
    settings = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    plug = PlugFn(encryption_key=new_key(), base_url=BASE_URL, integrations={"peer": settings})
    plug.providers.register(provider)
    return plug


async def test_the_flow_works_with_an_independent_server(peer):
    url, tokens = peer
    async with a_plug(url) as plug:
        target = await plug.connections.authorization_url("ana", "peer", scopes=["read", "write"])
        async with httpx2.AsyncClient(trust_env=False) as browser:
            answer = await browser.get(target, follow_redirects=False)
        query = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
        connection = (await plug.connections.callback("ana", "peer", query)).connection
        assert connection.scopes == ("read", "write")
        assert (await plug.run("peer.me.get", user_id="ana", params={})).account == "acct-1"
        for number in (2, 3):
            await plug.connections.refresh(connection.id, "ana")
            assert len(tokens) == number
            assert [token.revoked for token in tokens] == [True] * (number - 1) + [False]
            assert (await plug.run("peer.me.get", user_id="ana", params={})).account == "acct-1"
        tokens[-1].revoked = True
        with pytest.raises(NeedsReconnect) as caught:
            await plug.run("peer.me.get", user_id="ana", params={})
        assert caught.value.code == "invalid_grant"
