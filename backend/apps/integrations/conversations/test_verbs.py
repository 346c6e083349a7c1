"""Closing, reopening, assigning a conversation, and what an agent reports of it."""

import math

import pytest

from apps.clients.factories import MembershipFactory
from apps.integrations.conversations import verbs
from apps.integrations.conversations.verbs import NotPossible
from apps.integrations.factories import ConversationFactory
from apps.integrations.models import Conversation
from lib.row_security import system_rows


@pytest.fixture
def conversation(owner):
    return ConversationFactory(contact__client=owner)


def test_a_conversation_closes_once_and_opens_again_unless_there_is_a_newer_one(conversation, told):
    assert verbs.close(conversation).closed_at is not None
    verbs.close(conversation)
    assert len(told("conversation.closed")) == 1
    newer = ConversationFactory(contact=conversation.contact)
    with pytest.raises(NotPossible):
        verbs.reopen(conversation)
    verbs.close(newer)
    assert verbs.reopen(conversation).status == "open"
    verbs.reopen(conversation)
    conversation.refresh_from_db()
    assert (conversation.status, conversation.closed_at) == ("open", None)


def test_only_those_who_may_write_get_a_conversation(conversation, owner):
    member, viewer = (MembershipFactory(client=owner, role=role) for role in ("member", "viewer"))
    with system_rows("a test"):
        stranger = MembershipFactory()
    assert verbs.workers(owner.pk) == [member]
    assert verbs.assign(conversation, member.user_id).assigned_to_id == member.user_id
    for other in (viewer, stranger):
        with pytest.raises(NotPossible):
            verbs.assign(conversation, other.user_id)
    assert Conversation.objects.get().assigned_to_id == member.user_id
    assert verbs.assign(conversation, None).assigned_to_id is None


def test_an_intent_is_announced(conversation, told):
    verbs.report_intent(conversation, "cancel_order", 0.75, "agent")
    assert told("intent_detected") == [
        {
            "contact": str(conversation.contact_id),
            "conversation": str(conversation.pk),
            "channel": "whatsapp",
            "intent": "cancel_order",
            "confidence": 0.75,
            "source": "agent",
        }
    ]


@pytest.mark.parametrize(
    ("intent", "confidence"),
    [
        *((intent, 1) for intent in ("Cancel", "a b", "", "á", "a\n", "x" * 61)),
        ("ok", -0.1),
        ("ok", 1.1),
        ("ok", math.nan),
    ],
)
def test_a_wrong_intent_is_refused(conversation, told, intent, confidence):
    with pytest.raises(ValueError, match=r"slug|confidence"):
        verbs.report_intent(conversation, intent, confidence, "agent")
    assert told("intent_detected") == []
