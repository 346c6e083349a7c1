"""What `scripts/bench send` does inside of Django: clients with mail servers and WhatsApp numbers, and their sends.

python scripts/bench_send_inside.py prepare CLIENTS PORT    prints the webhook address of each client's WhatsApp number
python scripts/bench_send_inside.py request SENDS           asks for so many mails; prints how many a second
"""

import json
import sys
import time
from collections.abc import Callable

import django

django.setup()

from apps.clients.models import Client  # noqa: E402
from apps.integrations.models import Integration, Send  # noqa: E402
from apps.integrations.plug import plug  # noqa: E402
from apps.integrations.sending.request import request_send  # noqa: E402
from apps.integrations.store.scope import acting_for  # noqa: E402
from bench_incoming import TOKEN  # noqa: E402
from bench_send_bare import mail, server  # noqa: E402
from lib.row_security import system_rows  # noqa: E402

# Nothing calls it: messages only come in.
GATEWAY = {"base_url": "https://gateway.example", "token": TOKEN}


def prepare(clients: int, port: int) -> list[str]:
    """The clients, each with a mail server and a WhatsApp number. Returns the paths of the numbers' webhooks."""
    paths = []
    for number in range(clients):
        user = Client.objects.create(name=f"client {number}").pk
        with acting_for(user):
            plug().connections.create(str(user), "email_smtp", server(port))
            made = plug().connections.create(str(user), "whatsapp_uazapi", GATEWAY)
            secret = plug().connections.new_webhook_url(made.id, str(user)).rpartition("/")[2]
        paths.append(f"/webhooks/uazapi/{made.id}/{secret}/")
    return paths


def request(sends: int) -> float:
    """Ask for mails, spread over the clients. Returns the requests a second."""
    with system_rows("bench"):
        senders = list(Integration.objects.filter(provider="email_smtp").order_by("created_at"))
    started = time.perf_counter()
    for number in range(sends):
        request_send(senders[number % len(senders)], mail(number), source=Send.Source.API)
    return round(sends / (time.perf_counter() - started), 1)


if __name__ == "__main__":
    works: dict[str, Callable[..., object]] = {"prepare": prepare, "request": request}
    print(json.dumps(works[sys.argv[1]](*map(int, sys.argv[2:]))))
