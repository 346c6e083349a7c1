"""Our webhook URL as vendors' emulators and independent peers see it."""

import pytest
from aiohttp import web


class Doorstep:
    """Gives what comes to `bench`; closed, it answers 503. `url` is what a vendor is told."""

    def __init__(self) -> None:
        self.bench, self.closed, self.url, self.receipts = None, False, "", []

    async def take(self, request):
        if self.closed:
            return web.Response(status=503)
        receipt = await self.bench.receive(await request.read(), request.headers)
        self.receipts.append(receipt)
        return web.Response(status=receipt.status, body=receipt.body, content_type=receipt.content_type.split(";")[0])


@pytest.fixture
async def doorstep():
    """A web server in this loop. Set its `bench` before anything comes."""
    found, app = Doorstep(), web.Application()
    app.add_routes([web.post("/webhooks", found.take)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhooks"
    yield found
    await runner.cleanup()
