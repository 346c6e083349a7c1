"""The messages of the story: a client connects six services, writes to people by four of them, and people answer."""

import secrets
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils import timezone

from apps.api.tokens import make_token, revoke_token
from apps.clients.models import Membership
from ponte_demo import emulators, figures
from ponte_demo.balance import compare
from ponte_demo.program import Program
from ponte_demo.telling import Failed, report, wait
from ponte_demo.vendors import Vendors
from ponte_demo.visitor import Visitor
from sandbox import keys

ANA, BIA = "5511988887777", "553188886666"
SENDER = {"from_email": keys.SMTP_USERNAME, "from_name": "Padaria Sol"}
WRITTEN = (
    (BIA, "Oi! Vocês abrem no domingo?"),
    (BIA, "SAIR"),
    (ANA, "Quando chega o meu pedido?"),
)


class Messages:
    """One run. A program connects and sends; a person signs in at GitHub and Slack, and answers."""

    def __init__(self, membership: Membership, ports: Mapping[str, int], events: figures.NewEvents) -> None:
        self.ports, self.vendors = ports, Vendors(ports)
        token, text = make_token(membership, "demo", ["write"], days=1)
        self._token = (membership.user_id, token.pk)
        self.program, self.person = Program(settings.PUBLIC_URL, text), Visitor(settings.PUBLIC_URL, membership.user)
        self.new = figures.NewMessages(membership.client_id, timezone.now(), events)
        # By service: the integration, and the sends that were asked for.
        self.ids: dict[str, str] = {}
        self.asked: dict[str, list[str]] = {"WhatsApp": [], "SMTP": [], "SendGrid": [], "Slack": []}

    def tell(self) -> dict[str, int]:
        """Returns the figures. Raises Failed if a message is lost, unknown, or sent twice."""
        wait(self.vendors.are_up, "the emulators did not answer")
        try:
            self.connect()
            self.sign_in()
            self.send()
            self.receive()
            self.answer()
            self.look()
        finally:
            revoke_token(*self._token)
            self.person.leave()
        return self.result()

    def connect(self) -> None:
        """Connect what takes typed credentials. Again changes what an earlier demo connected."""
        report(say="WhatsApp, a mail server, SendGrid and a database are connected by the REST API")
        host = {"host": emulators.HOST, "port": self.ports["smtp_server"], "use_tls": False}
        login = {"username": keys.SMTP_USERNAME, "password": keys.SMTP_PASSWORD}
        key = {"api_key": keys.SENDGRID_API_KEY, "webhook_key": self.vendors.sendgrid_key()}
        self._configure("WhatsApp", "whatsapp", api_token=keys.UAZAPI_TOKEN, phone_number=emulators.NUMBER)
        self._configure("SMTP", "email", provider="smtp", **host, **login, **SENDER)
        self._configure("SendGrid", "email", provider="sendgrid", **key, **SENDER)
        known = {"integration": found} if (found := self._known("database_supabase")) else {}
        database = {"supabase_url": self.vendors.url("supabase"), "supabase_key": keys.SUPABASE_KEY}
        self._configure("database", "database", **database, allowed_tables=[emulators.TABLE], **known)
        self.program.patch(f"integrations/{self.ids['WhatsApp']}/", {"keeps_content": True})
        address = self.program.post(f"integrations/{self.ids['SendGrid']}/webhook-address/")
        self.vendors.report_mail_to(address["webhook"]["url"])

    def sign_in(self) -> None:
        """Connect what is connected at its own site."""
        report(say="a person signs in at GitHub and Slack, on the pages where they ask for consent")
        for name in ("GitHub", "Slack"):
            again = self._known(name.lower())
            self.person.open(f"/integrations/oauth/{name.lower()}/" + (f"?again={again}" if again else ""))
            self.person.press(f"Ir para {name}")
            self.person.press("Autorizar")
            self.ids[name] = self._known(name.lower())
            if self.ids[name] not in self.person.url:
                raise Failed(f"{name} was not connected: the person came back to {self.person.url}")

    def send(self) -> None:
        """Write to people by four services. One call is made twice, with one key."""
        report(say="a program writes by WhatsApp, SMTP, SendGrid and Slack; one call is made twice, and sent once")
        key = secrets.token_hex(8)
        received = {"phone": "+55 11 98888-7777", "message": "Olá, Ana! Recebemos o seu pedido 1042."}
        first, again = (self._send("WhatsApp", "whatsapp/send/", received, key=key) for _ in range(2))
        if first != again:
            raise Failed("two calls with one Idempotency-Key made two sends")
        baked = {"phone": "11 98888-7777", "message": "O seu bolo já está no forno."}
        self._send("WhatsApp", "whatsapp/send/", baked)
        for name in ("SMTP", "SendGrid"):
            mail = {
                "to": ["ana@example.com"],
                "subject": f"O seu recibo, por {name}",
                "body": "<p>Obrigado, <b>Ana</b>!</p>",
            }
            self._send(name, "email/send/", {**mail, "integration": self.ids[name]})
        news = {"channel": "#geral", "text": "O pedido 1042 foi pago."}
        self._send("Slack", f"{self.ids['Slack']}/send/", {"params": news})

    def receive(self) -> None:
        """Two people write, and one of them wants no more automatic messages."""
        report(say="two people write on WhatsApp; one of them writes SAIR, and gets no automatic message any more")
        for number, text in WRITTEN:
            self.vendors.write(number, text)
        wait(lambda: self.new.counts().received == len(WRITTEN), "what people wrote did not arrive", self.new.describe)
        refused = self.program.refusal("integrations/whatsapp/send/", {"phone": f"+{BIA}", "message": "Novidades!"})
        if refused != "OPTED_OUT":
            raise Failed(f"a message to a person who wrote SAIR was refused as {refused}")

    def answer(self) -> None:
        """A person answers the newest conversation on its page, and the other one reads it."""
        newest = self.program.get("conversations/")["conversations"][0]
        self.person.open(f"/conversations/{newest['id']}/")
        self.person.press("Enviar", text="Sai hoje às 15 h.")
        self.asked["WhatsApp"].append("the answer")
        report(say="a person answers on the page of the conversation")
        self._wait(read=0)
        self.vendors.read_all(ANA)
        self.vendors.settle()

    def look(self) -> None:
        """Read the client's database, and test everything."""
        query = {"table": emulators.TABLE, "limit": 5, "integration": self.ids["database"]}
        rows = self.program.post("integrations/database/query/", query)["rows"]
        if len(rows) != 5:
            raise Failed(f"the database gave {len(rows)} rows instead of 5")
        for name, number in self.ids.items():
            if not self.program.post(f"integrations/{number}/test/")["success"]:
                raise Failed(f"the test of {name} failed")
        report(say=f"a program reads the database; the {len(self.ids)} integrations are tested")

    def result(self) -> dict[str, int]:
        """The figures. Raises Failed if they do not add up with what the vendors got."""
        self._wait(read=self._asked("WhatsApp"))
        counts = self.new.counts()
        compare({name: self._asked(name) for name in self.asked}, self.vendors.arrived(), len(WRITTEN), counts)
        return counts.figures()

    def _wait(self, *, read: int) -> None:
        """Wait until WhatsApp and SendGrid have reported each message, and nothing waits."""
        delivered = self._asked("WhatsApp") + self._asked("SendGrid")
        what = "not all messages were delivered and read"
        wait(lambda: self.new.counts().is_settled(delivered=delivered, read=read), what, self.new.describe)

    def _asked(self, name: str) -> int:
        return len(set(self.asked[name]))

    def _configure(self, name: str, path: str, **credentials: Any) -> None:
        made = self.program.post(f"integrations/{path}/configure/", credentials)
        self.ids[name] = made["integration"]["id"]

    def _known(self, provider: str) -> str:
        """The client's integration at a provider; empty if there is none."""
        rows = self.program.get("integrations/")["integrations"]
        return next((row["id"] for row in reversed(rows) if row["provider"] == provider), "")

    def _send(self, name: str, path: str, body: dict[str, Any], *, key: str = "") -> str:
        number: str = self.program.post(f"integrations/{path}", body, key=key)["message_id"]
        self.asked[name].append(number)
        return number
