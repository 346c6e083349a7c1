"""A person sees which edits are left behind, and says where they belong."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.banking.factories import AccountFactory
from apps.banking.rows.carried_edits import open_edits
from apps.banking.rows.test_carried_edits import edit, remove, row, same
from apps.banking.rows.test_merge import merge_docs

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("carry_edits", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def undecided():
    """A deleted transaction with edits, and two that may replace it. Returns their numbers."""
    account = AccountFactory()
    merge_docs(account, same(1, description="PIX MARIA SOUZA"))
    edit(1, note="reembolsar")
    remove(account, 1)
    later = {"description": "PIX MARIA SOUZA", "date": "2026-11-02T03:00:00.000Z"}
    merge_docs(account, same(2, **later), same(3, **later))
    return [row(number).pk for number in (1, 2, 3)]


def test_without_edits_left_behind_it_says_so():
    assert run() == "no edits are left behind\n"


def test_it_lists_what_is_open_and_what_it_may_be_without_the_words(undecided):
    listed = run()
    old, first, second = undecided
    assert listed.startswith(f"{old} of account ")
    assert f"may be {first} of" in listed
    assert f"may be {second} of" in listed
    assert "2026-11-02 -10.5 BRL" in listed
    assert "1 deleted transactions still have edits" in listed
    assert "MARIA" not in listed
    assert "reembolsar" not in listed


def test_it_carries_the_edits_where_it_is_told(undecided):
    old, _, second = undecided
    assert run(str(old), str(second)) == f"{second} now has the edits of {old}\n"
    assert row(3).note == "reembolsar"
    assert not open_edits().exists()


@pytest.mark.parametrize("numbers", [["1"], ["1", "2", "3"], ["7", "8"]])
def test_anything_else_changes_nothing(undecided, numbers):
    with pytest.raises(CommandError):
        run(*numbers)
    assert open_edits().count() == 1
