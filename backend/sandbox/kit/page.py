"""Pages of the emulators for people: the frame around them, their two languages, and who may open them."""

import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Texts = Mapping[str, tuple[str, str]]
"""Each text in Portuguese and in English."""

STATIC = Path(__file__).parent / "static"
TYPES = {".css": "text/css", ".js": "application/javascript"}
OWN_FILES = "/_sandbox/static"
OWN_PARTS = "style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; img-src data:"
POLICY = f"default-src 'none'; {OWN_PARTS}; base-uri 'none'; frame-ancestors 'none'"
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",  # no-referrer would hide a form's origin, which local_only compares
    "X-Content-Type-Options": "nosniff",
}


def language(request: web.Request) -> str:
    """`en` if the browser names English before Portuguese, else `pt`."""
    wanted = [part.strip()[:2].lower() for part in request.headers.get("Accept-Language", "").split(",")]
    return next((name for name in wanted if name in ("pt", "en")), "pt")


class Words:
    """The texts of one reader, escaped, with values filled in."""

    def __init__(self, texts: Texts, request: web.Request) -> None:
        self.language = language(request)
        self._texts, self._place = texts, 0 if self.language == "pt" else 1

    def __call__(self, name: str, /, **values: object) -> str:
        filled = {key: escape(str(value)) for key, value in values.items()}
        return escape(self._texts[name][self._place], quote=False).format(**filled)


def page(words: Words, title: str, inner: str, *, status: int = 200, live: bool = True) -> web.Response:
    """A page. `title` is text, `inner` is HTML. Its parts with `data-live` and an id are replaced when they change."""
    lang = "pt-BR" if words.language == "pt" else "en"
    refresh = '<noscript><meta http-equiv="refresh" content="3"></noscript>' if live else ""
    script = f'<script src="{OWN_FILES}/live.js" defer></script>' if live else ""
    text = (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><link rel="stylesheet" href="{OWN_FILES}/page.css">{refresh}{script}</head>'
        f"<body>{inner}</body></html>"
    )
    headers = {**HEADERS, "Content-Security-Policy": POLICY}
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8", headers=headers)


def local_only(handler: Handler) -> Handler:
    """403 for other machines, for another site's name of this machine, and for another site's form."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if not (_is_here(request.remote) and _is_here(request.url.host) and _is_own_form(request)):
            raise web.HTTPForbidden(text="this page is for this machine only")
        return await handler(request)

    return answer


def _is_here(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _is_own_form(request: web.Request) -> bool:
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


async def own_file(request: web.Request) -> web.Response:
    """GET /_sandbox/static/{name}: the pages' stylesheet and script."""
    file = STATIC / Path(request.match_info["name"]).name
    if file.suffix not in TYPES or not file.is_file():
        raise web.HTTPNotFound
    return web.Response(text=file.read_text(encoding="utf-8"), content_type=TYPES[file.suffix], headers=HEADERS)
