"""Start-up options of the emulator, read from the command line."""

import argparse
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DEFAULT_CLIENT_ID = "5d1f9a52-3c77-4e0b-9a43-6b8e2f0c1d90"
DEFAULT_CLIENT_SECRET = "pluggy_sk_sandbox_only"  # noqa: S105 - opens nothing but this emulator


@dataclass
class Options:
    """All start-up options. Durations are seconds; scales are multipliers."""

    host: str = "127.0.0.1"
    port: int = 0
    seed: str = "1"
    today: str = ""
    speed: float = 1.0
    retry_scale: float = 1.0
    rate_limits: bool = True
    rate_window: float = 60.0
    client_id: str = DEFAULT_CLIENT_ID
    client_secret: str = DEFAULT_CLIENT_SECRET
    key_ttl: float = 7200.0
    connect_token_ttl: float = 1800.0
    mfa_ttl: float = 300.0
    auto_sync_hours: float = 24.0
    allow_local_webhooks: bool = False
    webhook_timeout: float = 5.0
    disable_after: int = 20
    hmac_secret: str = ""
    hmac_header: str = "X-Pluggy-Signature"
    hmac_encoding: str = "hex"
    hmac_prefix: str = ""
    public_url: str = ""
    max_items: int = 0
    strict_enums: bool = False
    webhook_create_status: int = 200
    access_log: bool = False
    state: str = ""
    switches: dict[str, Any] = field(default_factory=dict)


def parse(argv: list[str] | None = None) -> Options:
    """Read the command line. Wrong options end the process with argparse's message and status 2."""
    found = vars(_parser().parse_args(argv))
    if found["seed"] == "random":
        found["seed"] = secrets.token_hex(8)
    found["switches"] = dict(found["switches"])
    if found.pop("keys_from_environment"):
        found |= _keys(os.environ)
    return Options(**found)


def _keys(environment: Mapping[str, str]) -> dict[str, str]:
    """The application's credentials, and the first of its signing secrets, as Ponte's own settings name them."""
    return {
        "client_id": environment["PLUGGY_CLIENT_ID"],
        "client_secret": environment["PLUGGY_CLIENT_SECRET"],
        "hmac_secret": environment.get("PLUGGY_HMAC_SECRET", "").partition(",")[0].strip(),
    }


def _switch(text: str) -> tuple[str, object]:
    name, _, value = text.partition("=")
    return name, json.loads(value or "true")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox.pluggy", description="Emulator of the Pluggy API.")
    _server(parser)
    _pace(parser)
    _webhooks(parser)
    return parser


def _server(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=0, help="the port to listen on (default: any free one, printed at start)")
    add("--public-url", default="", help="address to write into links; default: where the emulator listens")
    add(
        "--seed",
        default="1",
        help="the same seed gives the same people, ids and amounts; 'random': a new seed",
    )
    add("--today", default="", help="YYYY-MM-DD: last day of the generated history; default: today")
    add("--client-id", default=DEFAULT_CLIENT_ID)
    add("--client-secret", default=DEFAULT_CLIENT_SECRET)
    add(
        "--keys-from-environment", action="store_true",
        help="take PLUGGY_CLIENT_ID, PLUGGY_CLIENT_SECRET and PLUGGY_HMAC_SECRET, which no command line then shows",
    )  # fmt: skip
    add("--key-ttl", type=float, default=7200.0, help="seconds until an API key expires")
    add("--connect-token-ttl", type=float, default=1800.0, help="seconds until a connect token expires")
    add(
        "--state",
        default="",
        metavar="FILE",
        help="store items and webhooks in this file, to have them after a restart",
    )
    add("--max-items", type=int, default=0, help="the plan's limit on items; 0: no limit")
    add(
        "--switch", dest="switches", action="append", type=_switch, default=[], metavar="NAME=JSON",
        help="set a switch at the start, for example v1_transactions_gone=true",
    )  # fmt: skip
    add("--strict-enums", action="store_true", help="use only enum values that the generated Python SDK knows")
    add("--access-log", action="store_true", help="write one line for each request to stderr")


def _pace(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--speed", type=float, default=1.0, help="executions run this many times faster")
    add("--mfa-ttl", type=float, default=300.0, help="seconds to wait for a second factor")
    add("--auto-sync-hours", type=float, default=24.0, help="hours between automatic syncs; 0: never")
    add("--no-rate-limits", dest="rate_limits", action="store_false", help="count requests but never answer 429")
    add("--rate-window", type=float, default=60.0, help="seconds in a rate-limit window")


def _webhooks(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--retry-scale",
        type=float,
        default=1.0,
        help="multiplier of the waits between webhook retries (0.001: 1 h becomes 3.6 s)",
    )
    add(
        "--allow-local-webhooks",
        action="store_true",
        help="accept webhook URLs with http, localhost, an IP address or a port",
    )
    add("--webhook-timeout", type=float, default=5.0, help="seconds to wait for a receiver's answer")
    add("--disable-after", type=int, default=20, help="disable a webhook after this many lost events in a row")
    add("--webhook-create-status", type=int, choices=(200, 201), default=200)
    add("--hmac-secret", default="", help="sign deliveries of application webhooks; default: no signature")
    add("--hmac-header", default="X-Pluggy-Signature")
    add("--hmac-encoding", choices=("hex", "base64"), default="hex")
    add("--hmac-prefix", default="")
