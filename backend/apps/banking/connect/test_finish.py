"""Finishing believes the aggregator, not the browser, and may happen twice, late and before or after the webhooks."""

import pytest

from apps.banking.connect.finish import finish
from apps.banking.connect.progress import Stage, progress_of, progress_of_item
from apps.banking.models import Transaction
from apps.clients.factories import MembershipFactory

pytestmark = pytest.mark.django_db


def test_a_member_connects_a_bank_and_sees_it_arrive(bank, work):
    member = MembershipFactory()
    item = bank.connect(member)
    assert progress_of_item(member, item).stage is Stage.READING
    connection = finish(member, item)
    assert progress_of(connection).stage is Stage.READING
    work()
    connection.refresh_from_db()
    done = progress_of(connection)
    assert (done.stage, done.is_over) == (Stage.DONE, True)
    rows = {line.product: line.rows for line in done.products}
    assert rows["transactions"] == Transaction.objects.count() > 0
