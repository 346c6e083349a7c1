"""The emulator's own controls:

POST /_sandbox/instances   {token, name?, owner?, connected?, logged_in?, reason?}: create or change one; a new
                           connection state goes to its webhooks
POST /_sandbox/people      {number, name?, lid?, aliases?, lead?}: add a person to WhatsApp; DELETE: remove all
POST /_sandbox/incoming    {token?, number|chat, … any Message field}: a message comes in (with fromMe: goes out)
POST /_sandbox/receipts    {token?, ids, state, chat?, flat?, as_strings?}: Delivered, Read …
POST /_sandbox/switches    {real_time?, delivers?}: see World
POST /_sandbox/limits      {sends_allowed?, media_limit?}
POST /_sandbox/settle      answers once every webhook is delivered or given up
GET  /_sandbox/messages    all messages of the instance ?token=
"""

from typing import Any

from aiohttp import web

from .api import Gateway
from .happen import change_line, receive, write
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
        found = self.world.instances.setdefault(fields["token"], Instance(fields["token"], "sandbox"))
        change_line(self.gateway, found, **fields)
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
        return web.json_response(write(self.gateway, instance, chat, **fields))

    async def receipt(self, request: web.Request) -> web.Response:
        fields = await request.json()
        fields.setdefault("chat", "5511988887777@s.whatsapp.net")
        receive(self.gateway, self._instance(fields), **fields)
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
