"""What `scripts/bench send` does inside of Django: clients with mail servers and WhatsApp numbers, and their sends.

python scripts/bench_send_inside.py prepare CLIENTS SMTP_PORT     prints the webhook address of each WhatsApp number
python scripts/bench_send_inside.py request SENDS                 asks for so many mails
python scripts/bench_send_inside.py states                        prints the number of sends by state
"""

import json
import sys
import time

import django

django.setup()

from django.db.models import Count  # noqa: E402

from apps.clients.models import Client  # noqa: E402
from apps.integrations.models import Integration, Message, Send  # noqa: E402
from apps.integrations.plug import plug  # noqa: E402
from apps.integrations.sending.request import request_send  # noqa: E402
from apps.integrations.store.scope import acting_for  # noqa: E402
from lib.row_security import system_rows  # noqa: E402

TOKEN = "a-token-of-the-bench"


def prepare(clients: int, port: int) -> list[str]:
    """The clients, each with a mail server and a WhatsApp number. Returns the paths of the numbers' webhooks."""
    server = {"host": "127.0.0.1", "port": port, "security": "none", "from_email": "bench@example.com"}
    paths = []
    for number in range(clients):
        client = Client.objects.create(name=f"client {number}")
        with acting_for(client.pk):
            plug().connections.create(str(client.pk), "email_smtp", server)
            gateway = {"base_url": "https://free.uazapi.com", "token": TOKEN}
            made = plug().connections.create(str(client.pk), "whatsapp_uazapi", gateway)
            secret = plug().connections.new_webhook_url(made.id, str(client.pk)).rpartition("/")[2]
        paths.append(f"/webhooks/uazapi/{made.id}/{secret}/")
    return paths


def request(sends: int) -> dict[str, float]:
    """Ask for mails, spread over the clients. Each goes to another person."""
    with system_rows("bench"):
        senders = list(Integration.objects.filter(provider="email_smtp").order_by("created_at"))
    started = time.perf_counter()
    for number in range(sends):
        mail = {"to": [f"person-{number}@example.com"], "subject": f"Mail {number}", "text": "Olá! " * 40}
        request_send(senders[number % len(senders)], mail, source=Send.Source.API)
    return {"requests_per_s": round(sends / (time.perf_counter() - started), 1)}


def states() -> dict[str, int]:
    """How many sends are in each state."""
    with system_rows("bench"):
        return dict(Send.objects.values_list("state").annotate(Count("id")))


def messages() -> dict[str, int]:
    """How many messages came in."""
    with system_rows("bench"):
        return {"received": Message.objects.filter(direction="in").count()}


if __name__ == "__main__":
    work = {"prepare": prepare, "request": request, "states": states, "messages": messages}[sys.argv[1]]
    print(json.dumps(work(*map(int, sys.argv[2:]))))
