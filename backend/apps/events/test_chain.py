"""The chain of an event: its causes and all its effects, in a fixed number of queries."""

import pytest
from django.db import transaction

from apps.events import chain as module
from apps.events.chain import chain
from apps.events.emit import emit
from apps.events.models import Event

pytestmark = pytest.mark.django_db


def caused(kind: str, by: Event | None = None) -> Event:
    with transaction.atomic():
        emit(kind, mailbox="m", client=None, payload={}, caused_by=by)
    return Event.objects.order_by("-pk").first()


def test_the_chain_goes_up_to_the_first_cause_and_down_to_every_effect(django_assert_num_queries):
    first = caused("a")
    middle = caused("b", first)
    left, right = caused("c", middle), caused("d", middle)
    caused("e", first)
    with django_assert_num_queries(3):
        links = chain(middle)
    assert [(link.event.pk, link.step) for link in links] == [
        (first.pk, -1),
        (middle.pk, 0),
        (left.pk, 1),
        (right.pk, 1),
    ]


def test_an_event_alone_is_a_chain_of_one():
    assert [link.step for link in chain(caused("a"))] == [0]


def test_a_purged_cause_is_missing_and_many_effects_are_bounded(monkeypatch):
    first = caused("a")
    effect = caused("b", first)
    Event.objects.filter(pk=first.pk).delete()
    assert [link.event.pk for link in chain(effect)] == [effect.pk]
    monkeypatch.setattr(module, "MOST", 3)
    for _ in range(5):
        caused("c", effect)
    assert len(chain(effect)) == 4
