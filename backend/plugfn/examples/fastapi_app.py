"""A FastAPI application with a page: connect GitHub, open an issue, see events arrive.

    python examples/fastapi_app.py        then open http://127.0.0.1:8000

Set GITHUB_CLIENT_ID, GITHUB_CLIENT_SECRET and GITHUB_WEBHOOK_SECRET in the environment. Optional settings: BASE_URL
(default http://127.0.0.1:8000), APP_SECRET (default: a new one at every start, so that users must log in again), and
PLUGFN_DATABASE with PLUGFN_ENCRYPTION_KEY (default: memory, so that users must connect again after a restart). The
callback URL is BASE_URL/integrations/oauth/github/callback, the webhook URL BASE_URL/integrations/webhooks/github.

If you have no GitHub application, start an emulated GitHub, `python -m sandbox.github --port 4000` in backend/,
and set PLUGFN_SANDBOX=http://127.0.0.1:4000.
"""

import os
import secrets
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi_page import Board, Problem, board_page, login_page, news
from fastapi_session import COOKIE, LASTS, Session, Sessions

from plugfn import Event, PlugFn, PlugFnError, new_key
from plugfn.providers import github_provider
from plugfn.web.fastapi import plugfn_router

MOST_FORM = 100_000
MOST_EVENTS = 20
LONGEST_NAME = 40
SANDBOX_APP = {"client_id": "Iv1.sandbox0000000001", "client_secret": "github_sandbox_only"}

base_url = os.environ.get("BASE_URL", "http://127.0.0.1:8000")
sandbox = os.environ.get("PLUGFN_SANDBOX", "")
sessions = Sessions(os.environ.get("APP_SECRET") or secrets.token_hex(32))
events: dict[str, deque[Event]] = defaultdict(lambda: deque(maxlen=MOST_EVENTS))
"""The newest events of each user, in memory: a restart loses them."""
issue_urls: dict[str, str] = {}
"""The issue that each user opened last."""


def github_settings() -> dict[str, Any]:
    """The settings for the real GitHub, or for the emulated one."""
    hooks = {"webhook_secrets": [os.environ.get("GITHUB_WEBHOOK_SECRET") or secrets.token_hex(32)]}
    if not sandbox:
        wanted = {"client_id": os.environ["GITHUB_CLIENT_ID"], "client_secret": os.environ["GITHUB_CLIENT_SECRET"]}
        return {**wanted, **hooks}
    urls = {"authorize_url": f"{sandbox}/login/oauth/authorize", "token_url": f"{sandbox}/login/oauth/access_token"}
    return {**SANDBOX_APP, **urls, "api_url": sandbox, **hooks}


def session_of(request: Request) -> Session | None:
    """The browser's session."""
    return sessions.read(request.cookies.get(COOKIE, ""))


def user_of(request: Request) -> str | None:
    """The user who makes this request. PlugFn's own routes call this, too."""
    session = session_of(request)
    return session.user or None if session else None


plug = PlugFn(
    database=os.environ.get("PLUGFN_DATABASE", "memory://"),
    encryption_key=os.environ.get("PLUGFN_ENCRYPTION_KEY") or new_key(),
    base_url=f"{base_url}/integrations",
    auth=user_of,
    integrations={"github": github_settings()},
    allowed_networks=("127.0.0.0/8",) if sandbox else (),
)
plug.providers.register(github_provider)


async def note(event: Event) -> None:
    """Store an event for the users who connected the account that it names."""
    for connection in await plug.connections.of_account("github", event.account):
        events[connection.user_id].appendleft(event)


plug.webhooks.on("github", "*", note)


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Open and close PlugFn with the application."""
    async with plug:
        yield


app = FastAPI(title="Casa em ordem", lifespan=lifespan)


class Refused(Exception):
    """The form is not from our pages, or is too large."""


async def form_of(request: Request) -> tuple[Session, dict[str, str]]:
    """The session and the fields of a form from one of our pages. Raises Refused."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_FORM:
            raise Refused
    try:
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=20))
    except ValueError:
        raise Refused from None
    session = session_of(request)
    if session is None or not sessions.is_ours(session, fields.pop("ficha", "")):
        raise Refused
    return session, fields


async def user_form(request: Request) -> tuple[str, dict[str, str]]:
    """The user and the fields of a form from a logged-in user. Raises Refused."""
    session, fields = await form_of(request)
    if not session.user:
        raise Refused
    return session.user, fields


@app.exception_handler(Refused)
async def refused(request: Request, _error: Refused) -> Response:
    """The session has usually expired: show a new page."""
    return await page(request, Problem("Esta página ficou aberta por muito tempo. Tente de novo.", "form"), status=403)


async def page(request: Request, problem: Problem | None = None, *, status: int = 200, **more: Any) -> Response:
    """The page for the user of the request."""
    nonce, session = secrets.token_urlsafe(16), session_of(request) or Session.begun()
    token = sessions.form_token(session)
    if session.user:
        text = board_page(await board(session.user, token, problem, more), nonce)
    else:
        text = login_page(token, nonce, problem.text if problem else "")
    answer = HTMLResponse(text, status, headers=page_headers(nonce))
    return with_cookie(answer, session)


async def board(user: str, token: str, problem: Problem | None, more: dict[str, Any]) -> Board:
    """The content of a user's page."""
    connections = await plug.connections.list(user, "github")
    address, once = f"{plug.base_url}/webhooks/github", secrets.token_urlsafe(16)
    return Board(user, token, connections, address, await news_of(user), once, problem=problem, **more)


async def news_of(user: str) -> str:
    """The user's events and calls as HTML."""
    return news(events.get(user, ()), await plug.store.logs(user_id=user, limit=8))


def page_headers(nonce: str) -> dict[str, str]:
    """Headers that forbid foreign content and frames. Chromium applies form-action to redirects of forms, too."""
    github = sandbox or "https://github.com"
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; img-src data:; "
        f"connect-src 'self'; form-action 'self' {github}; base-uri 'none'; frame-ancestors 'none'"
    )
    return {"content-security-policy": policy, "cache-control": "no-store", "referrer-policy": "same-origin"}


def with_cookie(answer: Response, session: Session) -> Response:
    """Sets the cookie. `lax`: browsers send it when GitHub redirects back, and not with forms of other sites."""
    secure = base_url.startswith("https://")
    answer.set_cookie(COOKIE, sessions.written(session), LASTS, httponly=True, samesite="lax", secure=secure)
    return answer


def back(notice: str = "") -> RedirectResponse:
    """Redirects to the page by GET, so that a reload does not send the form again."""
    return RedirectResponse(f"/?aviso={notice}" if notice else "/", 303)


@app.get("/")
async def home(request: Request, aviso: str = "") -> Response:
    """The page."""
    user = user_of(request)
    url = issue_urls.get(user or "", "") if aviso == "issue" else ""
    return await page(request, notice=aviso, issue_url=url)


@app.get("/novidades")
async def what_is_new(request: Request) -> Response:
    """The part of the page that updates automatically."""
    user = user_of(request)
    return (
        HTMLResponse(await news_of(user), headers={"cache-control": "no-store"}) if user else Response(status_code=401)
    )


@app.post("/entrar")
async def login(request: Request) -> Response:
    """Log in with a name."""
    _, fields = await form_of(request)
    name = fields.get("nome", "").strip()
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        problem = Problem(f"Escreva um nome de 1 a {LONGEST_NAME} caracteres.", "name")
        return await page(request, problem, status=422)
    return with_cookie(back(), Session.begun(name))


@app.post("/sair")
async def logout(request: Request) -> Response:
    """Log out."""
    await form_of(request)
    return with_cookie(back(), Session.begun())


@app.post("/github/conectar")
async def connect(request: Request) -> Response:
    """Redirects to GitHub's page. With a connection's id, the login renews that connection."""
    user, fields = await user_form(request)
    try:
        url = await plug.connections.authorization_url(user, "github", connection_id=fields.get("conexao"))
    except PlugFnError as error:
        return await page(request, Problem.of(error), status=409)
    return RedirectResponse(url, 303)


# This comes before PlugFn's routes: their callback answers programs, and this one answers people.
@app.get("/integrations/oauth/github/callback")
async def connected(request: Request) -> Response:
    """GitHub redirects the user here."""
    user = user_of(request)
    if user is None:
        return await page(request, Problem("Entre e comece a conexão de novo.", "login"), status=401)
    try:
        await plug.connections.callback(user, "github", dict(request.query_params))
    except PlugFnError as error:
        return await page(request, Problem.of(error), status=409)
    return back("conectado")


@app.post("/github/desconectar")
async def disconnect(request: Request) -> Response:
    """Revoke the grant at GitHub and delete the connection."""
    user, fields = await user_form(request)
    try:
        outcome = await plug.connections.disconnect(fields.get("conexao", ""), user)
    except PlugFnError as error:
        return await page(request, Problem.of(error), status=409)
    return back("desconectado" if outcome == "revoked" else "removido")


@app.post("/issues")
async def open_issue(request: Request) -> Response:
    """Open an issue. The form's idempotency key makes sure that sending it twice opens only one."""
    user, fields = await user_form(request)
    typed = {name: fields.get(name, "").strip() for name in ("owner", "repo", "title", "body")}
    try:
        issue = await plug.github.issues.create(
            user_id=user,
            connection_id=fields.get("conexao"),
            idempotency_key=fields.get("uma_vez") or None,
            params={**typed, "body": typed["body"] or None},
        )
    except PlugFnError as error:
        return await page(request, Problem.of(error), status=422, typed=typed)
    issue_urls[user] = issue.html_url
    return back("issue")


app.include_router(plugfn_router(plug), prefix="/integrations")

if __name__ == "__main__":
    parts = urlsplit(base_url)
    uvicorn.run(app, host="127.0.0.1", port=parts.port or 8000, log_level="warning")
