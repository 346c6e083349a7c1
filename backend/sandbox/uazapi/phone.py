"""The phone: a page with the chats of the emulated number, on which a person writes as one of its contacts.

GET  /                     the chats
GET  /chats/{key}          one of them; `key`: the contact's number, or the id of another chat
POST /chats/{key}          text: the contact writes it
POST /chats/{key}/read     the contact reads all that was sent to them
POST /contacts             name, number: somebody else on WhatsApp
POST /line                 connected: yes or no: link the phone, or unlink it
"""

from aiohttp import web

from sandbox.kit.page import Handler, Words, page

from . import phone_page
from .api import Gateway
from .chats import Chat, chats_of
from .happen import change_line, receive, write
from .sending import DIGITS
from .world import Instance, Person

LONGEST_TEXT = 4096


class Phone:
    """The pages. They show the first instance, which is the example's."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway

    def pages(self) -> list[tuple[str, str, Handler]]:
        """The routes above."""
        return [
            ("GET", "/", self.show),
            ("GET", "/chats/{key}", self.show),
            ("POST", "/chats/{key}", self.write),
            ("POST", "/chats/{key}/read", self.read),
            ("POST", "/contacts", self.add),
            ("POST", "/line", self.link),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """All chats, and one of them if the address names it."""
        words = Words(phone_page.TEXTS, request)
        chats = chats_of(self.gateway.world, self.line)
        chosen = self.chosen(request) if "key" in request.match_info else None
        title = chosen.name if chosen else words("title")
        return page(words, title, phone_page.whole(words, self.line, chats, chosen))

    async def write(self, request: web.Request) -> web.Response:
        """The contact writes. An empty text is no message."""
        chat, form = self.chosen(request), await request.post()
        text = str(form.get("text", "")).strip()[:LONGEST_TEXT]
        if text:
            write(self.gateway, self.line, chat.id, text=text)
        raise web.HTTPSeeOther(f"/chats/{chat.key}")

    async def read(self, request: web.Request) -> web.Response:
        """The contact reads everything. One receipt names all messages, as on WhatsApp."""
        chat = self.chosen(request)
        if ids := [one["messageid"] for one in chat.messages if one["fromMe"] and one["status"] != "Read"]:
            receive(self.gateway, self.line, ids=ids, state="Read", chat=chat.id)
        raise web.HTTPSeeOther(f"/chats/{chat.key}")

    async def add(self, request: web.Request) -> web.Response:
        """Add a contact. 400 for a number that is none."""
        form, words = await request.post(), Words(phone_page.TEXTS, request)
        number = "".join(sign for sign in str(form.get("number", "")) if sign not in " +-()")
        if not DIGITS.fullmatch(number):
            return page(words, words("title"), phone_page.wrong_number(words), status=400, live=False)
        if self.gateway.world.find(number) is None:
            self.gateway.world.add(Person(number, str(form.get("name", "")).strip()[:80]))
        raise web.HTTPSeeOther(f"/chats/{number}")

    async def link(self, request: web.Request) -> web.Response:
        """Link the phone to the gateway, or unlink it."""
        on = (await request.post()).get("connected") == "yes"
        change_line(self.gateway, self.line, connected=on, logged_in=on, reason="" if on else "LoggedOut")
        raise web.HTTPSeeOther("/")

    @property
    def line(self) -> Instance:
        """The account that the pages show."""
        return next(iter(self.gateway.world.instances.values()))

    def chosen(self, request: web.Request) -> Chat:
        """The chat in the address. Raises 404."""
        key = request.match_info["key"]
        person, chats = self.gateway.world.in_chat(key), chats_of(self.gateway.world, self.line)
        found = next((chat for chat in chats if chat.key == (person.number if person else key)), None)
        if found is None:
            raise web.HTTPNotFound(text=f"no chat {key}")
        return found
