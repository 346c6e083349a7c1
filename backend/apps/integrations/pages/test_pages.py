"""The gallery, one integration, its verbs, and the history: who sees what, and what happens."""

import re

from django.urls import reverse
from django.utils import timezone

from apps.audit.models import Entry as Audit
from apps.clients.factories import MembershipFactory
from apps.integrations.conftest import PERSON
from apps.integrations.connect.verbs import pause
from apps.integrations.factories import integration_row, of_send
from apps.integrations.models import ActionLog, Integration, Send
from lib.row_security import client_rows

State = Send.State
SECRET_KEY = "sb_secret_sandbox_0123456789"


def at(name, *arguments):
    return reverse(f"integrations:{name}", args=arguments)


def now(integration):
    with client_rows(integration.client_id):
        return Integration.objects.get(pk=integration.pk)


def send_row(integration, state="queued", to=PERSON, **values):
    """A send without an event."""
    channel = integration.entry.channel
    send = Send(client_id=integration.client_id, integration=integration, provider=integration.provider, **values)
    send.channel, send.action, send.source = channel, integration.entry.sends, Send.Source.API
    send.state, send.recipient, send.recipient_index = state, to, b"0" * 16
    send.params = {"to": to, "text": "Seu pedido saiu"}
    with client_rows(integration.client_id):
        send.save(force_insert=True)
    return send


def actions():
    return list(Audit.objects.order_by("pk").values_list("action", flat=True))


# --- who sees what ---


def test_the_gallery_has_every_service_and_says_how_each_integration_is(person, tenant):
    page = person.get(at("gallery")).content.decode()
    assert page.count('class="card service') == 8
    assert "Nothing is connected yet" in page
    assert page.count("Not available here") == 2
    assert "GITHUB_CLIENT_ID" not in page
    integration_row(tenant, "database_postgres", name="Loja")
    integration_row(tenant, "database_postgres", name="CRM", paused_at=timezone.now())
    integration_row(tenant, "whatsapp_uazapi", status="needs_reauth", last_error="invalid_token")
    page = person.get(at("gallery")).content.decode()
    for text in (
        "Loja",
        "CRM",
        "Paused",
        "Needs a new sign-in",
        "does not know this token any more",
        "Connect another",
    ):
        assert text in page
    assert "Nothing is connected yet" not in page


def test_staff_read_which_settings_are_missing(person, membership):
    membership.user.is_staff = True
    membership.user.save()
    assert "GITHUB_CLIENT_ID" in person.get(at("gallery")).content.decode()


def test_lists_need_as_many_queries_for_many_rows_as_for_one(person, tenant, django_assert_max_num_queries):
    def fill():
        send_row(integration_row(tenant, "http", name="x"), to="+5511900000000")

    fill()
    for name in ("gallery", "sends", "calls"):
        person.get(at(name))
        with django_assert_max_num_queries(18) as few:
            person.get(at(name))
        for _ in range(3):
            fill()
        with django_assert_max_num_queries(len(few)):
            assert person.get(at(name)).status_code == 200


def test_nothing_of_another_client_is_shown_or_changed(person):
    other = MembershipFactory().client
    integration = integration_row(other, "email_smtp", name="Segredo-de-outro")
    send = send_row(integration, State.UNKNOWN, "outro@example.com")
    for name in ("integration", "edit", "disconnect"):
        assert person.get(at(name, integration.pk)).status_code == 404
    for name in ("test", "pause", "rename", "contents", "address", "try-out", "disconnect", "edit"):
        assert person.post(at(name, integration.pk)).status_code == 404
    for name in ("send", "repeat"):
        assert person.get(at(name, send.pk)).status_code == 404
    for name in ("repeat", "confirm"):
        assert person.post(at(name, send.pk)).status_code == 404
    for name in ("gallery", "sends", "calls"):
        page = person.get(at(name)).content.decode()
        assert "Segredo" not in page
        assert "o•••@example.com" not in page
    assert person.get(at("sends"), {"integration": integration.pk}).context["form"].errors
    assert (now(integration).name, of_send(send).state) == ("Segredo-de-outro", "unknown")
    assert not Audit.objects.exists()


def test_a_viewer_looks_and_changes_nothing(client, tenant):
    client.force_login(MembershipFactory(client=tenant, role="viewer").user)
    integration = integration_row(tenant, "email_smtp", name="Loja")
    send = send_row(integration, State.FAILED)
    for address in (at("gallery"), at("integration", integration.pk), at("sends"), at("calls"), at("send", send.pk)):
        page = client.get(address).content.decode()
        main = page[page.index("<main") :]
        assert "<form" not in main.replace('<form class="filter" method="get"', "")
        assert 'method="post"' not in main
    for name in ("test", "pause", "rename", "contents", "address", "try-out", "disconnect", "edit"):
        assert client.post(at(name, integration.pk)).status_code == 403
    assert client.post(at("repeat", send.pk)).status_code == 403
    assert client.post(at("connect", "smtp")).status_code == 403
    assert now(integration).name == "Loja"


def test_strangers_and_wrong_addresses_are_turned_away(client, person, tenant):
    assert person.get(at("connect", "fax")).status_code == 404
    # The operator has no application at GitHub here.
    assert person.get(at("sign-in", "github")).status_code == 404
    assert person.get(at("signed-in", "github")).status_code == 404
    assert person.get(at("sign-in", "smtp")).status_code == 404
    assert person.get(at("sends"), {"after": "x"}).status_code == 404
    client.logout()
    assert "account/login" in client.get(at("gallery"))["Location"]


# --- one integration ---


def test_a_test_says_in_place_what_is_wrong_and_when_it_works_again(person, mail, smtp):
    address = at("test", mail.pk)
    page = person.post(address, headers={"HX-Request": "true"}).content.decode()
    assert re.search(r"It works: the service answered in \d+ ms\.", page)
    assert "<html" not in page
    smtp.control("POST", "/smtp/faults", {"stage": "auth", "code": 535, "text": "5.7.8 no", "count": 1})
    page = person.post(address, headers={"HX-Request": "true"}).content.decode()
    for text in (
        "Needs a new sign-in",
        "does not accept this user name and password",
        "smtp_535",
        "Change the credentials",
    ):
        assert text in page
    assert now(mail).status == "needs_reauth"
    # The gallery says the same, without a call.
    assert "does not accept this user name and password" in person.get(at("gallery")).content.decode()
    assert actions() == ["integration.test", "integration.test"]


def test_a_test_without_scripts_comes_back_with_the_answer(person, mail):
    page = person.post(at("test", mail.pk), follow=True).content.decode()
    assert re.search(r"It works: the service answered in \d+ ms\.", page)


def test_it_is_paused_resumed_renamed_and_keeps_contents(person, tenant):
    integration = integration_row(tenant, "whatsapp_uazapi")
    person.post(at("pause", integration.pk), {"paused": "on"})
    assert now(integration).paused_at
    assert "Resume" in person.get(at("integration", integration.pk)).content.decode()
    person.post(at("pause", integration.pk))
    assert now(integration).paused_at is None
    person.post(at("rename", integration.pk), {"name": "Balcão"})
    person.post(at("rename", integration.pk), {"name": "x" * 121})
    person.post(at("contents", integration.pk), {"keeps": "on"})
    assert (now(integration).name, now(integration).keeps_content) == ("Balcão", True)
    person.post(at("contents", integration.pk))
    assert now(integration).keeps_content is False
    kinds = ["pause", "resume", "rename", "contents", "contents"]
    assert actions() == [f"integration.{kind}" for kind in kinds]


def test_a_new_webhook_address_is_entered_at_the_service(person, whatsapp, uazapi):
    page = person.post(at("address", whatsapp.pk), headers={"HX-Request": "true"}).content.decode()
    assert "The service knows the new address" in page
    assert "/webhooks/" not in page
    uazapi.fault(kind="answer", status=400)
    page = person.post(at("address", whatsapp.pk)).content.decode()
    assert "The service could not be told" in page
    (address,) = set(re.findall(r"https://ponte\.example\.com/webhooks/uazapi/[0-9a-f]{32}/[\w-]+/", page))
    assert address not in person.get(at("integration", whatsapp.pk)).content.decode()
    assert person.post(at("address", integration_row(whatsapp.client, "email_smtp").pk)).status_code == 404


def test_it_is_disconnected_after_a_question(person, mail):
    send_row(mail)
    assert "Messages are waiting now." in person.get(at("disconnect", mail.pk)).content.decode()
    page = person.post(at("disconnect", mail.pk), follow=True).content.decode()
    assert "is disconnected, and its credentials are deleted here." in page
    with client_rows(mail.client_id):
        assert not Integration.objects.exists()
    assert "e-mail" in person.get(at("sends")).content.decode().lower()
    assert actions() == ["integration.disconnect"]


# --- sending ---


def test_a_test_message_is_sent_and_its_state_is_asked_until_it_is_final(person, whatsapp, run_due):
    address = at("try-out", whatsapp.pk)
    htmx = {"HX-Request": "true"}
    page = person.post(address, {"to": "123456", "text": "Olá"}, headers=htmx).content.decode()
    assert "This is not a phone number" in page or "This phone number does not exist" in page
    page = person.post(address, {"to": PERSON, "text": "Olá"}, headers=htmx).content.decode()
    (poll,) = re.findall(r'hx-get="([^"]+)"', page)
    assert "Queued" in page
    again = person.get(poll, headers=htmx).content.decode()
    assert "hx-get" in again
    run_due()
    done = person.get(poll, headers=htmx).content.decode()
    assert "The service accepted it." in done
    assert "hx-get" not in done
    assert "send.test" in actions()
    assert person.post(at("try-out", integration_row(whatsapp.client, "http").pk)).status_code == 404
    pause(whatsapp)
    page = person.post(address, {"to": PERSON, "text": "Olá"}).content.decode()
    assert "This integration is paused. Resume it first." in page


def test_the_history_masks_recipients_and_is_filtered_and_paged(person, tenant):
    whatsapp = integration_row(tenant, "whatsapp_uazapi")
    smtp = integration_row(tenant, "email_smtp", name="Loja")
    send_row(whatsapp, State.FAILED, error_code="not_on_whatsapp")
    send_row(smtp, State.SENT, "eva@example.com")
    page = person.get(at("sends")).content.decode()
    assert "+55 ••• 7777" in page
    assert "e•••@example.com" in page
    assert "This number is not on WhatsApp." in page
    for hidden in (PERSON, "eva@example.com", "Seu pedido saiu"):
        assert hidden not in page

    def found(**query):
        return [row.send.provider for row in person.get(at("sends"), query).context["rows"]]

    assert found() == ["email_smtp", "whatsapp_uazapi"]
    assert found(state="failed") == found(channel="whatsapp") == found(integration=whatsapp.pk) == ["whatsapp_uazapi"]
    assert found(state="failed", channel="email") == []
    for _ in range(50):
        send_row(smtp, State.SENT, "eva@example.com")
    first = person.get(at("sends"), {"state": "sent"})
    assert len(first.context["rows"]) == 50
    assert len(person.get(at("sends") + first.context["next"]).context["rows"]) == 1


def test_calls_are_listed_with_their_errors_in_words(person, tenant):
    smtp, http = integration_row(tenant, "email_smtp"), integration_row(tenant, "http", name="Estoque")
    with client_rows(tenant.pk):
        for integration, code in ((smtp, ""), (http, "timeout_connect")):
            ActionLog.objects.create(
                client=tenant,
                call_id="c",
                attempt=2,
                connection_id=integration.pk.hex,
                provider=integration.provider,
                action="messages.send",
                started_at=timezone.now(),
                milliseconds=12.4,
                outcome="failed" if code else "ok",
                code=code,
                source="call",
            )
    page = person.get(at("calls")).content.decode()
    assert "The server does not answer." in page
    assert "12 ms · attempt 2" in page
    only = person.get(at("calls"), {"integration": smtp.pk}).context["rows"]
    assert [row.call.provider for row in only] == ["email_smtp"]


def test_an_unknown_send_is_sent_again_or_marked_as_arrived_by_a_person(person, whatsapp, run_due):
    send = send_row(whatsapp, State.UNKNOWN, error_code="outcome_unknown")
    page = person.get(at("send", send.pk)).content.decode()
    assert PERSON in page
    assert "Seu pedido saiu" in page
    assert "the recipient gets it twice" in person.get(at("repeat", send.pk)).content.decode()
    person.post(at("repeat", send.pk))
    assert of_send(send).state == State.QUEUED
    # The page that was open meanwhile can ask for nothing any more.
    assert "cannot be sent again" in person.post(at("repeat", send.pk), follow=True).content.decode()
    run_due()
    assert of_send(send).state == State.SENT
    assert person.get(at("repeat", send.pk)).status_code == 302
    arrived = send_row(whatsapp, State.UNKNOWN)
    person.post(at("confirm", arrived.pk))
    assert of_send(arrived).state == State.SENT
    assert "known meanwhile" in person.post(at("confirm", arrived.pk), follow=True).content.decode()
    assert actions() == ["send.repeat", "send.confirm"]


def test_a_send_whose_content_is_gone_says_so_and_cannot_be_repeated(person, tenant):
    send = send_row(integration_row(tenant, "email_smtp"), State.FAILED, "eva@example.com", error_code="smtp_550")
    with client_rows(tenant.pk):
        Send.objects.update(params_sealed=None)
    page = person.get(at("send", send.pk)).content.decode()
    assert "It is no longer stored." in page
    assert "the recipient does not exist" in page
    assert at("repeat", send.pk) not in page


def test_a_test_of_a_database_lists_its_tables_and_warns_of_a_key_that_may_write(person, tenant, supabase):
    limits = {"allowed_tables": "vendas\nmissing", "max_rows": 10, "server_max_rows": 1000}
    answer = person.post(at("connect", "supabase"), {"url": supabase.url, "key": SECRET_KEY, **limits})
    page = person.post(answer["Location"] + "test/", headers={"HX-Request": "true"}).content.decode()
    assert "Tables that can be read" in page
    assert "vendas" in page
    assert "may write to every table" in page
    assert "1 table of the list does not exist" in page
    assert "127.0.0.1 (secret key)" in page
    assert "Warning" not in page
    assert SECRET_KEY not in page
