"""Sends mails with PlugFn's SMTP action alone: what `scripts/bench send` compares the worker's processes with.

    python scripts/bench_send_bare.py PORT

It has no store, no limits, no action log and no events. For each line of its input, a number of seconds, it sends one
mail after the other for so long, and prints how many.
"""

import asyncio
import sys
import time
from itertools import count
from typing import Any
from uuid import uuid4

from plugfn.definition import Call
from plugfn.mail.send import SendEmail
from plugfn.net.guard import Guard
from plugfn.providers.email_smtp import actions, provider
from plugfn.providers.email_smtp.credentials import SmtpCredentials, SmtpSettings

_UNUSED: Any = None
_numbers = count()


def mail(number: int) -> dict[str, Any]:
    """What is sent: each mail goes to another person."""
    return {"to": [f"person-{number}@example.com"], "subject": f"Mail {number}", "text": "Olá! " * 40}


def server(port: int) -> dict[str, Any]:
    """The credentials of the mail server."""
    return {"host": "127.0.0.1", "port": port, "security": "none", "from_email": "bench@example.com"}


async def send(credentials: SmtpCredentials, guard: Guard) -> None:
    params = SendEmail.model_validate(mail(next(_numbers)))
    # SMTP uses neither the connection nor HTTP.
    call = Call(provider, _UNUSED, credentials, SmtpSettings(), _UNUSED, guard, uuid4().hex)
    await actions.send.run(call, params)


async def send_for(seconds: float, port: int) -> int:
    credentials, guard = SmtpCredentials.model_validate(server(port)), Guard(("127.0.0.0/8",))
    end, sent = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        await send(credentials, guard)
        sent += 1
    return sent


def main() -> None:
    print("ready", flush=True)
    with asyncio.Runner() as runner:
        for line in sys.stdin:
            print(runner.run(send_for(float(line), int(sys.argv[1]))), flush=True)


if __name__ == "__main__":
    main()
