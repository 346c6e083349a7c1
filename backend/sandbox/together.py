"""All emulators but Pluggy's in one process and one event loop: what the demo runs.

    python -m sandbox --port github=8027 --port smtp=8025 --smtp 1025

It behaves as people expect of a demo: the clock is the real one, what WhatsApp accepts is delivered by itself, and the
page of the mails shows both SMTP's and SendGrid's.
"""

import argparse

from sandbox.github import app as github
from sandbox.kit.app import Sandbox
from sandbox.kit.serve import Site, run, site_of
from sandbox.sendgrid import app as sendgrid
from sandbox.slack import app as slack
from sandbox.smtp import app as smtp
from sandbox.supabase import app as supabase
from sandbox.supabase.example import tables
from sandbox.uazapi import app as uazapi

NAMES = ("github", "slack", "uazapi", "sendgrid", "smtp", "supabase")


def build(smtp_port: int = 0) -> list[Sandbox]:
    """The emulators by NAMES, not started. `smtp_port`: of the SMTP server without TLS."""
    account = sendgrid.SendGrid()
    return [
        github.build(),
        slack.build(),
        uazapi.build(real_time=True, delivers=True),
        sendgrid.build(account),
        smtp.build(smtp_port, account),
        supabase.build(tables),
    ]


def main() -> int:
    """The exit status: 0 after a signal, 1 when an address is taken, 2 for a wrong argument."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="All emulators but Pluggy's.")
    own = f"NAME=PORT, where NAME is one of {', '.join(NAMES)} (default: any free port)"
    parser.add_argument("--port", action="append", default=[], type=_port, metavar="NAME=PORT", help=own)
    parser.add_argument("--smtp", type=int, default=0, help="the port of the SMTP server without TLS")
    options = parser.parse_args()
    return run(_sites(build(options.smtp), dict(options.port)))


def _sites(sandboxes: list[Sandbox], ports: dict[str, int]) -> list[Site]:
    return [site_of(sandbox, "127.0.0.1", ports.get(sandbox.name, 0)) for sandbox in sandboxes]


def _port(text: str) -> tuple[str, int]:
    name, _, port = text.partition("=")
    if name not in NAMES or not port.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is not NAME=PORT")
    return name, int(port)
