"""A FastAPI application with a page: connect GitHub, open an issue, see events arrive.

    python examples/fastapi_app.py        then open http://127.0.0.1:8000

Settings come from the environment: GITHUB_CLIENT_ID, GITHUB_CLIENT_SECRET and GITHUB_WEBHOOK_SECRET. If you like,
BASE_URL (http://127.0.0.1:8000), APP_SECRET (new at every start: then everybody has to log in again), and
PLUGFN_DATABASE with PLUGFN_ENCRYPTION_KEY (memory: then nobody stays connected). The callback address is
BASE_URL/integrations/oauth/github/callback, that of webhooks BASE_URL/integrations/webhooks/github.

Without a GitHub application of your own, start an emulated GitHub, `python -m sandbox.github --port 4000` in backend/,
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
"""By user. In memory: this example forgets them."""
issue_urls: dict[str, str] = {}
"""The issue that each user opened last."""


def github_settings() -> dict[str, Any]:
    """The real GitHub's, or the emulated one's."""
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
    """Who makes this request: PlugFn's own routes ask this, too."""
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
    """Keep an event for those whose account it concerns, and for nobody else."""
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
    """A form that is not ours, or is too big."""


async def form_of(request: Request) -> tuple[Session, dict[str, str]]:
    """The session and the fields of a form that one of our pages sent. Raises Refused."""
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
    """The same, of somebody who is logged in."""
    session, fields = await form_of(request)
    if not session.user:
        raise Refused
    return session.user, fields


@app.exception_handler(Refused)
async def refused(request: Request, _error: Refused) -> Response:
    """Most often the page was open for too long: show a fresh one."""
    return await page(request, Problem("Esta página ficou aberta por muito tempo. Tente de novo.", "form"), status=403)


async def page(request: Request, problem: Problem | None = None, *, status: int = 200, **more: Any) -> Response:
    """The page as it is for whoever asks."""
    nonce, session = secrets.token_urlsafe(16), session_of(request) or Session.begun()
    token = sessions.form_token(session)
    if session.user:
        text = board_page(await board(session.user, token, problem, more), nonce)
    else:
        text = login_page(token, nonce, problem.text if problem else "")
    answer = HTMLResponse(text, status, headers=page_headers(nonce))
    return with_cookie(answer, session)


async def board(user: str, token: str, problem: Problem | None, more: dict[str, Any]) -> Board:
    """What somebody's page shows."""
    connections = await plug.connections.list(user, "github")
    address, once = f"{plug.base_url}/webhooks/github", secrets.token_urlsafe(16)
    return Board(user, token, connections, address, await news_of(user), once, problem=problem, **more)


async def news_of(user: str) -> str:
    """Their events and calls."""
    return news(events.get(user, ()), await plug.store.logs(user_id=user, limit=8))


def page_headers(nonce: str) -> dict[str, str]:
    """Nothing from elsewhere, in nobody's frame. Chromium asks form-action for redirects of forms, too."""
    github = sandbox or "https://github.com"
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; img-src data:; "
        f"connect-src 'self'; form-action 'self' {github}; base-uri 'none'; frame-ancestors 'none'"
    )
    return {"content-security-policy": policy, "cache-control": "no-store", "referrer-policy": "same-origin"}


def with_cookie(answer: Response, session: Session) -> Response:
    """`lax`: sent when GitHub sends the user back, and not with forms of other sites."""
    secure = base_url.startswith("https://")
    answer.set_cookie(COOKIE, sessions.written(session), LASTS, httponly=True, samesite="lax", secure=secure)
    return answer


def back(notice: str = "") -> RedirectResponse:
    """To the page, by GET: reloading it sends nothing again."""
    return RedirectResponse(f"/?aviso={notice}" if notice else "/", 303)


@app.get("/")
async def home(request: Request, aviso: str = "") -> Response:
    """The page."""
    user = user_of(request)
    url = issue_urls.get(user or "", "") if aviso == "issue" else ""
    return await page(request, notice=aviso, issue_url=url)


@app.get("/novidades")
async def what_is_new(request: Request) -> Response:
    """The part of the page that changes by itself."""
    user = user_of(request)
    return (
        HTMLResponse(await news_of(user), headers={"cache-control": "no-store"}) if user else Response(status_code=401)
    )


@app.post("/entrar")
async def login(request: Request) -> Response:
    """Say who you are."""
    _, fields = await form_of(request)
    name = fields.get("nome", "").strip()
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        problem = Problem(f"Escreva um nome de 1 a {LONGEST_NAME} caracteres.", "name")
        return await page(request, problem, status=422)
    return with_cookie(back(), Session.begun(name))


@app.post("/sair")
async def logout(request: Request) -> Response:
    """Forget who this is."""
    await form_of(request)
    return with_cookie(back(), Session.begun())


@app.post("/github/conectar")
async def connect(request: Request) -> Response:
    """To GitHub's page; with a connection's id, to renew that one."""
    user, fields = await user_form(request)
    try:
        url = await plug.connections.authorization_url(user, "github", connection_id=fields.get("conexao"))
    except PlugFnError as error:
        return await page(request, Problem.of(error), status=409)
    return RedirectResponse(url, 303)


# Before PlugFn's routes, whose callback answers programs: here it is a person who comes back.
@app.get("/integrations/oauth/github/callback")
async def connected(request: Request) -> Response:
    """GitHub sends the user back here."""
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
    """Take the grant back at GitHub, and forget it."""
    user, fields = await user_form(request)
    try:
        outcome = await plug.connections.disconnect(fields.get("conexao", ""), user)
    except PlugFnError as error:
        return await page(request, Problem.of(error), status=409)
    return back("desconectado" if outcome == "revoked" else "removido")


@app.post("/issues")
async def open_issue(request: Request) -> Response:
    """Open an issue. The form's own key makes sure that sending it twice opens one."""
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
