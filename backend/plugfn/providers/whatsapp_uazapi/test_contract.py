"""The tests that every WhatsApp provider must pass: a second provider also subclasses WhatsAppContract."""

import base64
from datetime import datetime
from typing import Any, Protocol

import pytest

from plugfn.errors import InvalidParams, Next, OutcomeUnknown, PlugFnError
from plugfn.inbound import Event
from plugfn.providers.whatsapp_uazapi.vocabulary.actions import (
    ACTIONS,
    LineStatus,
    MessageState,
    NumbersChecked,
    SentMessage,
)
from plugfn.providers.whatsapp_uazapi.vocabulary.events import TRIGGERS, Message, MessageStatus
from plugfn.providers.whatsapp_uazapi.vocabulary.text import MOST_TEXT
from plugfn.testing.bench import Bench

ANA = "+5511988887777"
"""A person with this number on WhatsApp."""
BIA = "+5531988886666"
"""A person whose WhatsApp account has the old number with eight digits, +553188886666."""
NOT_REGISTERED = "+5511900000000"
WORD_JOINER = "\u2060"


class Carrier(Protocol):
    """The gateway, usually an emulator, where ANA and BIA are on WhatsApp and the number NOT_REGISTERED is not."""

    bench: Bench

    def arrived(self) -> list[str]:
        """The texts and captions that people received, oldest first."""
        ...

    def fall_silent(self) -> None:
        """From now on messages are delivered, but the sender gets no answer."""
        ...

    def unlink(self) -> None:
        """Unlinks the phone."""
        ...

    async def incoming(self, text: str, *, group: bool = False, by_owner: bool = False) -> list[Event]:
        """ANA (or the owner, to ANA) writes. Returns the events that the provider reads from the gateway's delivery."""
        ...

    async def receipt(self, message_id: str, state: MessageState) -> list[Event]:
        """ANA's phone received or showed one of our messages. Returns the events that the provider reads."""
        ...


class WhatsAppContract:
    """The contract's tests."""

    def test_the_common_actions_have_the_common_parameters_and_results(self, carrier: Carrier) -> None:
        actions = carrier.bench.provider.actions
        assert set(ACTIONS) - set(actions) <= {"messages.find"}
        for name in set(ACTIONS) & set(actions):
            action = actions[name]
            assert (action.params, action.result, action.safe) == ACTIONS[name], name

    def test_the_common_events_are_declared(self, carrier: Carrier) -> None:
        assert set(TRIGGERS) <= set(carrier.bench.provider.triggers)

    async def test_a_text_arrives_as_it_was_written(self, carrier: Carrier) -> None:
        sent = await self._text(carrier, "Olá, Ana!\nTudo bem? 👩‍👩‍👧")
        assert sent.id
        assert not sent.found
        assert carrier.arrived() == ["Olá, Ana!\nTudo bem? 👩‍👩‍👧"]

    @pytest.mark.parametrize("text", ["{{name}}", "{{ lead_personalid }}", "{{{name}}}", "a {{lead_email}} b", "{{{{"])
    async def test_no_gateway_fills_in_what_a_user_wrote(self, carrier: Carrier, text: str) -> None:
        await self._text(carrier, text)
        picture = base64.b64encode(b"picture").decode()
        await self._call(carrier, "messages.send_media", to=ANA, kind="image", data=picture, caption=text)
        assert [each.replace(WORD_JOINER, "") for each in carrier.arrived()] == [text, text]

    @pytest.mark.parametrize(
        "wrong", [{"text": "x" * (MOST_TEXT + 1)}, {"text": ""}, {"to": "hello"}, {"to": "1@g.us"}]
    )
    async def test_an_invalid_message_is_refused_before_anything_is_sent(
        self, carrier: Carrier, wrong: dict[str, Any]
    ) -> None:
        with pytest.raises(InvalidParams):
            await self._call(carrier, "messages.send_text", **{"to": ANA, "text": "oi"} | wrong)
        assert carrier.arrived() == []

    async def test_a_number_that_is_not_on_whatsapp_is_the_callers_error(self, carrier: Carrier) -> None:
        with pytest.raises(PlugFnError) as caught:
            await self._call(carrier, "messages.send_text", to=NOT_REGISTERED, text="oi")
        assert caught.value.next is Next.FIX_CALL
        assert NOT_REGISTERED[1:] not in str(caught.value)
        assert carrier.arrived() == []

    async def test_an_account_with_an_old_brazilian_number_gets_messages_to_the_new_one(self, carrier: Carrier) -> None:
        await self._call(carrier, "messages.send_text", to=BIA, text="oi, Bia")
        assert carrier.arrived() == ["oi, Bia"]

    async def test_checked_numbers_come_back_in_the_callers_order(self, carrier: Carrier) -> None:
        asked = [NOT_REGISTERED, BIA, "hello", "(11) 98888-7777"]
        result = await self._call(carrier, "numbers.check", numbers=asked)
        assert isinstance(result, NumbersChecked)
        assert [row.asked for row in result.numbers] == asked
        assert [row.on_whatsapp for row in result.numbers] == [False, True, False, True]
        assert [row.phone for row in result.numbers] == [NOT_REGISTERED, BIA, None, ANA]

    async def test_media_are_sent_from_bytes(self, carrier: Carrier) -> None:
        data = base64.b64encode(b"%PDF-1.7").decode()
        params = {"kind": "document", "data": data, "filename": "conta.pdf", "caption": "A conta"}
        sent = await self._call(carrier, "messages.send_media", to=ANA, **params)
        assert isinstance(sent, SentMessage)
        assert carrier.arrived() == ["A conta"]

    async def test_a_message_without_an_answer_is_never_sent_twice(self, carrier: Carrier) -> None:
        carrier.fall_silent()
        sent: SentMessage | None
        try:
            sent = await self._text(carrier, "uma vez só")
        except OutcomeUnknown:
            sent = None
        assert sent is None or sent.found
        assert carrier.arrived() == ["uma vez só"]

    async def test_a_linked_account_is_ready_and_an_unlinked_one_is_not(self, carrier: Carrier) -> None:
        before = await self._call(carrier, "connection.status")
        assert isinstance(before, LineStatus)
        assert (before.ready, before.state) == (True, "connected")
        assert await carrier.bench.test() == before.name
        carrier.unlink()
        after = await self._call(carrier, "connection.status")
        assert isinstance(after, LineStatus)
        assert not after.ready
        with pytest.raises(PlugFnError) as caught:
            await carrier.bench.test()
        assert caught.value.next is Next.RECONNECT

    async def test_an_incoming_message_has_its_senders_number(self, carrier: Carrier) -> None:
        (event,) = await carrier.incoming("bom dia")
        message = Message.model_validate(event.payload)
        assert event.name == "message.received"
        assert event.id
        assert (message.text, message.kind, message.phone, message.group) == ("bom dia", "text", ANA, None)
        assert isinstance(message.sent_at, datetime)
        assert message.sent_at.tzinfo is not None

    async def test_messages_in_groups_and_of_the_owner_are_separate_events(self, carrier: Carrier) -> None:
        (in_group,) = await carrier.incoming("alguém aí?", group=True)
        assert in_group.name == "message.received_in_group"
        assert Message.model_validate(in_group.payload).group
        (by_owner,) = await carrier.incoming("já vejo", by_owner=True)
        assert by_owner.name == "message.sent"
        assert Message.model_validate(by_owner.payload).phone == ANA

    async def test_receipts_have_the_message_id_that_sending_returned(self, carrier: Carrier) -> None:
        sent = await self._text(carrier, "oi")
        for state in (MessageState.DELIVERED, MessageState.READ):
            (event,) = await carrier.receipt(sent.id, state)
            status = MessageStatus.model_validate(event.payload)
            assert (event.name, status.id, status.state) == ("message.status", sent.id, state)

    async def _text(self, carrier: Carrier, text: str) -> SentMessage:
        sent = await self._call(carrier, "messages.send_text", to=ANA, text=text)
        assert isinstance(sent, SentMessage)
        return sent

    async def _call(self, carrier: Carrier, action: str, **params: Any) -> Any:
        return await carrier.bench.call(action, params)


class TestUazapi(WhatsAppContract):
    @pytest.fixture
    async def carrier(self, gateway):
        return gateway
