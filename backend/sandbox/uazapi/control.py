"""The emulator's own controls:

POST /_sandbox/instances   {token, name?, owner?, connected?, logged_in?, reason?}: create or change one; a new
                           connection state goes to its webhooks
POST /_sandbox/people      {number, name?, lid?, aliases?, lead?}: add a person to WhatsApp; DELETE: remove all
POST /_sandbox/incoming    {token?, number|chat, … any Message field}: a message comes in (with fromMe: goes out)
POST /_sandbox/receipts    {token?, ids, state, chat?, flat?, as_strings?}: Delivered, Read …
POST /_sandbox/limits      {sends_allowed?, media_limit?}
POST /_sandbox/settle      answers once every webhook is delivered or given up
GET  /_sandbox/messages    all messages of the instance ?token=
"""

from typing import Any

from aiohttp import web

from . import payloads
from .api import Gateway
from .messages import new_message
from .world import TOKEN, Instance, Person


class Control:
    """The routes above, on one gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway, self.world = gateway, gateway.world

    def routes(self) -> list[web.RouteDef]:
        """The routes above."""
        return [
            web.post("/_sandbox/instances", self.instance),
            web.post("/_sandbox/people", self.person),
            web.delete("/_sandbox/people", self.remove_people),
            web.post("/_sandbox/incoming", self.incoming),
            web.post("/_sandbox/receipts", self.receipt),
            web.post("/_sandbox/limits", self.limits),
            web.post("/_sandbox/settle", self.settle),
            web.get("/_sandbox/messages", self.messages),
        ]

    async def instance(self, request: web.Request) -> web.Response:
        fields = await request.json()
        reason = fields.pop("reason", "")
        found = self.world.instances.setdefault(fields["token"], Instance(fields["token"], "sandbox"))
        before = found.state
        for name in ("name", "owner", "connected", "logged_in"):
            setattr(found, name, fields.get(name, getattr(found, name)))
        if found.state != before:
            found.last_disconnect = "" if found.state == "connected" else "2026-11-20 12:00:00.000Z"
            self.gateway.postman.post(found, payloads.of_connection(found, reason, self.gateway.base_url()))
        return web.Response(status=204)

    async def person(self, request: web.Request) -> web.Response:
        self.world.add(Person(**await request.json()))
        return web.Response(status=204)

    async def remove_people(self, _request: web.Request) -> web.Response:
        self.world.people.clear()
        return web.Response(status=204)

    async def incoming(self, request: web.Request) -> web.Response:
        fields = await request.json()
        instance = self._instance(fields)
        number = fields.pop("number", "")
        chat = fields.pop("chat", "") or f"{number}@s.whatsapp.net"
        as_strings = fields.pop("as_strings", False)
        message = new_message(self.world, instance, chat, from_me=fields.pop("fromMe", False), **fields)
        body = payloads.of_message(self.world, instance, message, self.gateway.base_url())
        self.gateway.postman.post(instance, body, as_strings)
        return web.json_response(message)

    async def receipt(self, request: web.Request) -> web.Response:
        fields = await request.json()
        instance, base = self._instance(fields), self.gateway.base_url()
        now = self.world.now_ms(self.world.next_number())
        body: dict[str, Any]
        if fields.get("flat"):
            body = payloads.of_flat_receipt(instance, fields["ids"], fields["state"], base)
        else:
            chat = fields.get("chat", "5511988887777@s.whatsapp.net")
            body = payloads.of_receipt(instance, fields["ids"], fields["state"], chat, now, base)
        for message in instance.messages:
            if message["messageid"] in fields["ids"]:
                message["status"] = fields["state"]
        self.gateway.postman.post(instance, body, bool(fields.get("as_strings")))
        return web.Response(status=204)

    async def limits(self, request: web.Request) -> web.Response:
        fields = await request.json()
        self.world.sends_allowed = fields.get("sends_allowed", self.world.sends_allowed)
        self.world.media_limit = fields.get("media_limit", self.world.media_limit)
        return web.Response(status=204)

    async def settle(self, _request: web.Request) -> web.Response:
        await self.gateway.postman.sending.settled()
        return web.Response(status=204)

    async def messages(self, request: web.Request) -> web.Response:
        return web.json_response(self.world.instances[request.query.get("token", TOKEN)].messages)

    def _instance(self, fields: dict[str, Any]) -> Instance:
        return self.world.instances[fields.pop("token", TOKEN)]
