"""Pages for browsers: the bank's authorisation page of the Open Finance connector, and the connect widget."""

import html
import re
from pathlib import Path

import qrcode
from aiohttp import web
from qrcode.image.svg import SvgPathFillImage

from . import clock, second_factor
from .errors import ApiError
from .model import Item
from .world import World, world_of

HERE = Path(__file__).parent / "static"
TYPES = {".html": "text/html", ".js": "application/javascript", ".css": "text/css"}
CONNECT_FILE = re.compile(r"[a-z]+\.(html|js|css)")
LONGEST_QR = 500
LOGIN = ("ralph.bragg@gmail.com", "P@ssword01")


def _page(title: str, inner: str, status: int = 200) -> web.Response:
    shell = (HERE / "page.html").read_text(encoding="utf-8")
    text = shell.replace("{{title}}", html.escape(title)).replace("{{inner}}", inner)
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")


def _waiting(request: web.Request, item_id: str) -> tuple[World, Item]:
    world = world_of(request)
    item = world.item(item_id)
    if item.parameter is None or item.answer is None or item.answer.done():
        raise ApiError(409, "The item does not wait for an authorisation")
    return world, item


async def authorize(request: web.Request) -> web.Response:
    """GET /oauth/authorize?itemId=: the bank asks whether to share the data."""
    _, item = _waiting(request, request.query.get("itemId", ""))
    products = "".join(f"<li>{html.escape(p)}</li>" for p in item.products)
    form = (HERE / "authorize.html").read_text(encoding="utf-8")
    filled = form.replace("{{item}}", item.id).replace("{{products}}", products)
    return _page(item.connector["name"], filled.replace("{{user}}", LOGIN[0]).replace("{{password}}", LOGIN[1]))


async def decide(request: web.Request) -> web.StreamResponse:
    """POST /oauth/authorize: `decision` approve or deny; a wrong bank login shows the page again."""
    form = await request.post()
    _, item = _waiting(request, str(form.get("itemId", "")))
    approve = form.get("decision") == "approve"
    if approve and (form.get("user"), form.get("password")) != LOGIN:
        again = (
            f'<p role="alert">Usuário ou senha incorretos.</p><p><a href="authorize?itemId={item.id}">Voltar</a></p>'
        )
        return _page(item.connector["name"], again, 401)
    second_factor.decide(item, approve)
    outcome = f"itemId={item.id}" if approve else "message=access_denied&itemId=" + item.id
    raise web.HTTPFound(f"/oauthCallback.html?{outcome}")


async def callback(request: web.Request) -> web.StreamResponse:
    """GET /oauthCallback.html: back to the application's oauthRedirectUri, if it has one."""
    item = world_of(request).items.get(request.query.get("itemId", ""))
    if item and item.oauth_redirect_uri:
        joint = "&" if "?" in item.oauth_redirect_uri else "?"
        raise web.HTTPFound(f"{item.oauth_redirect_uri}{joint}{request.query_string}")
    return _page("Pronto", "<p>Você pode fechar esta janela.</p>")


async def statement(request: web.Request) -> web.Response:
    """GET /_files/{name}?expires=: the statement behind a signed link. 403 after the link has expired."""
    until = clock.parse_iso(request.query.get("expires", ""))
    if until is None or until < clock.now():
        raise ApiError(403, "The link has ended")
    return web.Response(
        body=b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n",
        content_type="application/pdf",
    )


async def connect_script(request: web.Request) -> web.Response:
    """GET /pluggy-connect.js: `window.PluggyConnect`, which shows the pages below in an iframe."""
    answer = _static("pluggy-connect.js")
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer


async def connect_page(request: web.Request) -> web.Response:
    """GET /connect/{name}: the widget's own page, and its scripts and stylesheet."""
    name = request.match_info.get("name", "") or "index.html"
    if not CONNECT_FILE.fullmatch(name):
        raise web.HTTPNotFound
    return _static(f"connect/{name}")


async def qr_code(request: web.Request) -> web.Response:
    """GET /connect/qr.svg?data=: the code that the user scans with the bank's app."""
    picture = qrcode.make(request.query.get("data", "")[:LONGEST_QR], image_factory=SvgPathFillImage)
    return web.Response(body=picture.to_string(), content_type="image/svg+xml")


def _static(name: str) -> web.Response:
    file = HERE / name
    if not file.is_file():
        raise web.HTTPNotFound
    answer = web.Response(text=file.read_text(encoding="utf-8"), content_type=TYPES[file.suffix], charset="utf-8")
    # The browser asks every time, because a fault may concern the next load.
    answer.headers["Cache-Control"] = "no-store"
    return answer
