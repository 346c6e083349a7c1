"""Whatever happens to the webhooks, reconciliation ends in the state of a fresh full fetch."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from apps.banking.factories import ConnectionFactory
from apps.banking.models import Connection, SyncRun, Transaction
from apps.banking.sync import reconcile
from apps.clients.factories import MembershipFactory
from apps.events.models import Event

pytestmark = pytest.mark.django_db

SOME = st.integers(0, 3)
DAY = st.fixed_dictionaries(
    {},
    optional={
        "new": SOME,
        "update": SOME,
        "delete": SOME,
        "reissue": SOME,
        "pending": SOME,
        "scheduled": SOME,
        "backdated": SOME,
        "post_pending": st.just(True),
        "post_reissued": st.just(True),
        "new_bill": st.just(True),
        "balance": st.integers(-500, 500),
        "invest": SOME,
        "partial": st.lists(st.sampled_from(["accounts", "creditCards", "transactions", "investments", "loans"])),
        "silent": st.just(True),
    },
)
FAILURE = st.sampled_from(["SITE_NOT_AVAILABLE", "INVALID_CREDENTIALS", "ACCOUNT_LOCKED", "UNEXPECTED_ERROR"])
# A day at the bank (or a failed run), and the webhooks that then arrive: any so far, in any order, also repeatedly.
STEP = st.tuples(st.one_of(DAY, DAY, DAY, FAILURE), st.lists(st.integers(0, 60), max_size=8))
STORY = st.tuples(st.booleans(), st.lists(st.integers(0, 60), max_size=4), st.lists(STEP, max_size=5))


def arrive(events, chosen, deliver, work):
    """Deliver the chosen events; a repeated event gets a new id, as if another channel had sent it."""
    for number in chosen:
        if events:
            deliver(events[number % len(events)])
    work()


@settings(
    max_examples=20,
    deadline=None,
    # Without shrinking: each example costs a second, and a long one is still readable.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=STORY)
def test_permuted_duplicated_and_lost_webhooks_end_in_the_state_of_a_full_fetch(
    story, bank, deliver, work, differences, fresh_budget
):
    fresh_budget()
    known_before, first, steps = story
    member = MembershipFactory()
    item = bank.connect(member)
    if known_before:
        ConnectionFactory(member=member, vendor_id=item, state="connecting")
    else:
        deliver(*bank.events(item, "item/created"))
    arrive(bank.events(item), first, deliver, work)
    for happening, chosen in steps:
        if isinstance(happening, str):
            bank.fail(item, happening)
        else:
            bank.evolve(item, **happening)
        arrive(bank.events(item), chosen, deliver, work)
    # The bank's last run collected everything, so a row that it does not have is gone.
    bank.evolve(item, new=1, silent=True)
    reconcile.request(Connection.objects.get(vendor_id=item))
    work()
    assert differences(item) == {}
    assert Connection.objects.get(vendor_id=item).state == "active"
    assert not list(Event.objects.exclude(state="done").values("kind", "state", "outcome", "error_code"))
    assert not SyncRun.objects.filter(state__in=["running", "failed"]).exists()


def test_a_second_comparison_asks_once_and_writes_nothing(bank, deliver, work):
    item = bank.connect(MembershipFactory())
    deliver(*bank.events(item))
    work()
    connection = Connection.objects.get(vendor_id=item)
    rows = list(Transaction.objects.order_by("pk").values_list("pk", "updated_at"))
    before = bank.calls()
    with transaction.atomic():
        reconcile.request(connection)
    work()
    after = bank.calls()
    assert {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)} == {
        "GET /items/{id}": 1
    }
    assert list(Transaction.objects.order_by("pk").values_list("pk", "updated_at")) == rows
