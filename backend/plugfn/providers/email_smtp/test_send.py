"""Messages over SMTP, sent through the whole library to a server in another process."""

import asyncio
import base64
import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugfn.errors import GiveUp, InvalidCall, InvalidParams, NeedsReconnect, OutcomeUnknown, TryLater, Unavailable
from plugfn.providers.email_smtp.conftest import PLAIN
from plugfn.providers.email_smtp.connect import connect


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
async def test_a_message_arrives(server, security):
    async with server.bench(security) as bench:
        sent = await bench.call("messages.send", {**PLAIN, "html": "<p>Oi</p>"})
    (mail,) = server.mails()
    assert (mail["from"], mail["to"], mail["user"]) == ("nota@example.com", ["ana@example.com"], "ponte@example.com")
    assert mail["tls"] == (security != "none")
    message = server.message()
    assert (message["Subject"], message["Message-ID"]) == ("Olá", sent.message_id)
    assert sent.reference in sent.message_id
    assert (sent.accepted, sent.rejected) == (["ana@example.com"], [])


async def test_bcc_recipients_get_the_message_and_are_not_named_in_it(server):
    async with server.bench() as bench:
        await bench.call("messages.send", {**PLAIN, "cc": ["bob@example.com"], "bcc": ["eva@example.com"]})
    assert server.mails()[0]["to"] == ["ana@example.com", "bob@example.com", "eva@example.com"]
    assert "eva" not in server.mails()[0]["data"]


async def test_without_a_username_no_login_is_sent(server):
    async with server.bench("starttls", username="", password="") as bench:
        await bench.call("messages.send", PLAIN)
    assert "auth" not in server.commands()
    assert server.mails()[0]["user"] == ""


async def test_one_refused_recipient_does_not_stop_the_others(server):
    server.fault("rcpt", address="bob@example.com", code=550, text="5.1.1 <bob@example.com> unknown")
    server.fault("rcpt", address="eva@example.com", code=451, text="4.7.1 greylisted")
    async with server.bench() as bench:
        sent = await bench.call("messages.send", {**PLAIN, "cc": ["bob@example.com", "eva@example.com"]})
    assert sent.accepted == ["ana@example.com"]
    assert [(refusal.address, refusal.code, refusal.permanent) for refusal in sent.rejected] == [
        ("bob@example.com", "smtp_550", True),
        ("eva@example.com", "smtp_451", False),
    ]
    assert "bob" not in sent.rejected[0].reason
    assert "bob" not in repr(sent)
    assert server.mails()[0]["to"] == ["ana@example.com"]


async def test_one_temporary_refusal_among_all_refusals_means_try_later(server):
    server.fault("rcpt", address="ana@example.com", code=550, text="5.1.1 unknown")
    server.fault("rcpt", address="bob@example.com", code=450, text="4.2.0 greylisted")
    with pytest.raises(TryLater):
        await server.send({**PLAIN, "cc": ["bob@example.com"]})


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(codes=st.lists(st.sampled_from([250, 450, 452, 550, 554]), min_size=1, max_size=6))
async def test_every_recipient_is_either_accepted_or_rejected(server, codes):
    server.emulator.reset()
    answers = {f"a{number}@example.com": code for number, code in enumerate(codes)}
    for address, code in answers.items():
        if code != 250:
            server.fault("rcpt", address=address, code=code, text="no")
    if 250 not in codes:
        with pytest.raises(TryLater if {450, 452} & set(codes) else (InvalidCall, GiveUp)):
            await server.send({**PLAIN, "to": list(answers)})
        assert server.mails() == []
        return
    sent = await server.send({**PLAIN, "to": list(answers)})
    assert sent.accepted == server.mails()[0]["to"] == [to for to, code in answers.items() if code == 250]
    rejected = {refusal.address: (refusal.code, refusal.permanent) for refusal in sent.rejected}
    assert rejected == {to: (f"smtp_{code}", code >= 500) for to, code in answers.items() if code != 250}


async def test_a_busy_server_is_asked_again(server):
    server.fault("mail", code=451, count=1)
    async with server.bench() as bench:
        sent = await bench.call("messages.send", PLAIN)
        logs = await bench.logs()
    assert [row.outcome for row in logs] == ["retry", "ok"]
    assert {row.call_id for row in logs} == {sent.reference}
    assert server.message()["Message-ID"] == sent.message_id


DROPPED = [("drop", stage) for stage in ("greeting", "ehlo", "starttls", "auth", "mail", "rcpt", "data")]
HUNG = [("hang", stage) for stage in ("greeting", "starttls", "data")]


@pytest.mark.parametrize(("kind", "stage"), DROPPED + HUNG)
async def test_a_connection_lost_before_the_message_did_nothing(server, kind, stage):
    server.fault(stage, kind=kind)
    with pytest.raises(Unavailable) as lost:
        await server.send(PLAIN, timeout=1)
    assert not lost.value.maybe_done
    assert server.mails() == []


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
async def test_a_connection_lost_within_a_big_message_did_nothing(server, security):
    server.fault("content", kind="drop")
    pdf = {"filename": "a.pdf", "content": base64.b64encode(b"x" * 12_000_000).decode()}
    with pytest.raises(Unavailable) as lost:
        await server.send({**PLAIN, "attachments": [pdf]}, security=security)
    assert not lost.value.maybe_done


@pytest.mark.parametrize(("stage", "delivered"), [("end", 0), ("accepted", 1)])
async def test_a_connection_lost_after_the_last_dot_is_an_unknown_outcome_and_not_retried(server, stage, delivered):
    server.fault(stage, kind="drop")
    async with server.bench() as bench:
        with pytest.raises(OutcomeUnknown):
            await bench.call("messages.send", PLAIN)
        assert [row.outcome for row in await bench.logs()] == ["unknown"]
    assert len(server.mails()) == delivered


async def test_a_call_cut_off_after_the_last_dot_is_an_unknown_outcome(server):
    server.fault("end", kind="hang")
    async with server.bench() as bench:
        with pytest.raises(OutcomeUnknown):
            await bench.call("messages.send", PLAIN, timeout=3)  # a busy machine gets to the last dot in it


@pytest.mark.parametrize("stage", ["greeting", "data"])
async def test_a_call_cut_off_before_the_last_dot_did_nothing(server, stage):
    server.fault(stage, kind="hang")
    async with server.bench() as bench:
        with pytest.raises(Unavailable) as cut:
            await bench.call("messages.send", PLAIN, timeout=0.5)
    assert (cut.value.code, cut.value.maybe_done) == ("timeout", False)


async def test_a_repeated_call_with_the_same_key_sends_once(server):
    async with server.bench() as bench:
        first = await bench.call("messages.send", PLAIN, idempotency_key="nota-1")
        again = await bench.call("messages.send", PLAIN, idempotency_key="nota-1")
    assert first == again
    assert len(server.mails()) == 1


async def test_accented_addresses_need_a_server_with_smtputf8(server):
    async with server.bench() as bench:
        await bench.call("messages.send", {**PLAIN, "to": ["josé@bücher.example"]})
        (mail,) = server.mails()
        assert (mail["to"], mail["utf8"]) == (["josé@xn--bcher-kva.example"], True)
        server.extensions(SMTPUTF8=None)
        with pytest.raises(InvalidCall, match="ASCII"):
            await bench.call("messages.send", {**PLAIN, "to": ["josé@example.com"]})


async def test_lines_of_dots_arrive_unchanged(server):
    text = ".\n..\n.fim\n\n.\n"
    async with server.bench() as bench:
        await bench.call("messages.send", {**PLAIN, "text": text, "subject": "."})
    assert server.message().get_content().replace("\r\n", "\n") == text


async def test_too_many_recipients_or_a_foreign_sender_are_refused_before_the_server_is_asked(server):
    async with server.bench() as bench:
        with pytest.raises(InvalidParams):
            await bench.call("messages.send", {**PLAIN, "to": [f"a{n}@example.com" for n in range(101)]})
        with pytest.raises(InvalidParams):
            await bench.call("messages.send", {**PLAIN, "from_email": "presidente@example.com"})
    assert server.commands() == []


async def test_a_message_above_the_servers_size_limit_is_not_sent(server):
    server.extensions(SIZE="SIZE 100")
    async with server.bench() as bench:
        with pytest.raises(InvalidCall) as refused:
            await bench.call("messages.send", PLAIN)
    assert refused.value.code == "too_big"
    assert "mail" not in server.commands()


async def test_the_connection_test_logs_in_and_sends_nothing(server):
    async with server.bench() as bench:
        assert await bench.test() == "nota@example.com"
    assert server.commands() == ["greeting", "ehlo", "starttls", "ehlo", "auth", "noop"]
    assert server.mails() == []


async def test_a_wrong_password_is_tried_once_and_needs_the_user(server):
    async with server.bench(password="segredo-errado") as bench:
        with pytest.raises(NeedsReconnect) as refused:
            await bench.test()
        with pytest.raises(NeedsReconnect):
            await bench.call("messages.send", PLAIN)
    assert server.commands().count("auth") == 1
    assert "segredo" not in repr(refused.value.as_dict())


async def test_an_unreachable_server_is_not_an_unknown_outcome(server, unused_tcp_port):
    with pytest.raises(Unavailable) as away:
        await server.send(PLAIN, port=unused_tcp_port)
    assert not away.value.maybe_done


async def test_a_server_that_does_not_speak_smtp_is_recognised(server):
    async def http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(http, "127.0.0.1", 0)
    async with listening, server.bench(port=listening.sockets[0].getsockname()[1]) as bench:
        with pytest.raises(GiveUp) as odd:
            await bench.test()
    assert odd.value.code == "not_smtp"


@pytest.mark.parametrize("size", ["²", "9" * 5000, "x", "٣"])
async def test_a_size_limit_that_is_not_a_number_is_ignored(server, size):
    server.extensions(SIZE=f"SIZE {size}")
    assert (await server.send(PLAIN)).accepted == ["ana@example.com"]


async def test_no_line_waits_until_the_server_has_acknowledged_the_one_before(server):
    opened = await connect(server.call(security="none"))
    with opened:
        assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
