"""The mail catcher's pages.

GET  /                     what arrived, newest first
GET  /connect              what a person enters to send to here
GET  /mails/{key}          one of them
GET  /mails/{key}/html     its HTML, which runs no script and loads nothing: for the frame in the page above
POST /mails/{key}/events   event: what SendGrid reports about it (delivered, open, bounce …)
POST /events               url: where SendGrid reports to; empty: nowhere
POST /forget               delete all
"""

from collections.abc import Mapping

from aiohttp import web

from sandbox.kit.page import HEADERS, Handler, Words, page

from . import look
from .inbox import Inbox, Source, Stored

# Links open in a tab of their own. Nothing else of the frame's page gets out of it.
FRAME = "sandbox allow-popups allow-popups-to-escape-sandbox"
HTML_POLICY = f"{FRAME}; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"


class Pages:
    """The pages over one inbox. `smtp_ports`: the SMTP servers' ports by name."""

    def __init__(self, inbox: Inbox, smtp_ports: Mapping[str, int]) -> None:
        self.inbox, self.smtp_ports = inbox, smtp_ports

    def all(self) -> list[tuple[str, str, Handler]]:
        """The routes above."""
        return [
            ("GET", "/", self.show),
            ("GET", "/connect", self.show),
            ("GET", "/mails/{key}", self.show),
            ("GET", "/mails/{key}/html", self.html),
            ("POST", "/mails/{key}/events", self.report),
            ("POST", "/events", self.listen),
            ("POST", "/forget", self.forget),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """The list, and one mail if the address names it."""
        words, heads, key = Words(look.TEXTS, request), self.inbox.heads(), request.match_info.get("key", "")
        if not key:
            about = look.connect(words, self.inbox, self.smtp_ports)
            return page(words, words("title"), look.whole(words, heads, about, request.path.strip("/")))
        source, mail = self._found(request)
        head = source.head(key, mail)
        shown = look.mail(words, head, source.body(mail), self.inbox.sendgrid)
        return page(words, head.subject, look.whole(words, heads, shown, key))

    async def html(self, request: web.Request) -> web.Response:
        """The mail's own HTML. Its links open outside of the frame."""
        source, mail = self._found(request)
        text = f'<!doctype html><base target="_blank">{source.body(mail).html}'
        headers = {**HEADERS, "Content-Security-Policy": HTML_POLICY}
        return web.Response(text=text, content_type="text/html", charset="utf-8", headers=headers)

    async def report(self, request: web.Request) -> web.Response:
        """SendGrid reports an event of this mail."""
        source, mail = self._found(request)
        kind = str((await request.post()).get("event", ""))
        if source.name != "sendgrid" or self.inbox.sendgrid is None or kind not in look.EVENTS:
            raise web.HTTPBadRequest(text=f"no event {kind} of this mail")
        await self.inbox.sendgrid.report(mail, [kind])
        raise web.HTTPSeeOther(f"/mails/{request.match_info['key']}")

    async def listen(self, request: web.Request) -> web.Response:
        """Set the address of SendGrid's event webhook."""
        url = str((await request.post()).get("url", "")).strip()
        if self.inbox.sendgrid is None or (url and not url.startswith(("http://", "https://"))):
            raise web.HTTPBadRequest(text="that is no address of a webhook")
        self.inbox.sendgrid.events_url = url
        raise web.HTTPSeeOther("/connect")

    async def forget(self, _request: web.Request) -> web.Response:
        """Delete all mails."""
        self.inbox.forget()
        raise web.HTTPSeeOther("/")

    def _found(self, request: web.Request) -> tuple[Source, Stored]:
        found = self.inbox.find(request.match_info["key"])
        if found is None:
            raise web.HTTPNotFound(text="this mail is not there any more")
        return found
