"""Which new row replaces which lost one: never a wrong one, and few are left to a person."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.banking.rows.pairing import CROWD, Candidate, fitting, pair, similar

BOUGHT, RENAMED = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)
DAY = date(2026, 11, 10)
SHOPS = ("UBER *TRIP", "Padaria São José", "PIX ENVIADO MARIA SOUZA", "PIX ENVIADO JOAO LIMA", "METRO SP")


def old(number: int = 1, **more) -> Candidate:
    columns = {
        "id": number,
        "date": DAY,
        "amount": Decimal("-4.40"),
        "currency_code": "BRL",
        "description": "UBER *TRIP",
        "provider_id": "",
        "created_at": BOUGHT,
        "moment": RENAMED,
        "is_edited": True,
    }
    return Candidate(**{**columns, **more})


def new(number: int = 101, **more) -> Candidate:
    return old(number, **{"created_at": RENAMED, "is_edited": False, **more})


def days(number: int) -> date:
    return DAY + timedelta(number)


def test_rows_that_look_the_same_are_paired_and_case_accents_and_punctuation_do_not_count():
    assert pair([old(description="Padaria São-José")], [new(description="PADARIA SAO JOSE")]) == {1: 101}


@pytest.mark.parametrize(
    "change",
    [
        {"date": days(3)},
        {"date": days(-3)},
        {"amount": Decimal("-5.00")},
        {"description": "UBER TRIP HELP.UBER.COM SAO PAULO"},
        {"date": days(1), "description": "UberTrip"},
        {"moment": RENAMED + timedelta(hours=23)},
        {"moment": RENAMED - timedelta(hours=23)},
    ],
)
def test_one_changed_thing_is_forgiven(change):
    assert pair([old()], [new(**change)]) == {1: 101}


@pytest.mark.parametrize(
    "change",
    [
        {"date": days(4)},
        {"date": days(-4)},
        {"date": days(1), "amount": Decimal("-5.00")},
        {"amount": Decimal("-5.00"), "description": "UBER TRIP SP"},
        {"currency_code": "USD"},
        {"amount": Decimal("4.40")},
        {"date": days(1), "description": "UBER EATS"},
        {"date": days(1), "description": ""},
        {"amount": Decimal("-5.00"), "moment": RENAMED + timedelta(hours=25)},
        {"date": days(1), "moment": RENAMED - timedelta(hours=25)},
        {"date": days(1), "created_at": BOUGHT},
    ],
)
def test_more_than_that_is_left_to_a_person(change):
    assert pair([old()], [new(**change)]) == {}


def test_the_same_provider_id_decides_whatever_else_changed():
    lost = [old(1, provider_id="p-1"), old(2, provider_id="p-2")]
    fresh = [new(101, provider_id="p-2"), new(102, provider_id="p-1", date=days(9), amount=Decimal(1))]
    assert pair(lost, fresh) == {1: 102, 2: 101}


def test_a_provider_id_that_several_rows_have_decides_nothing():
    far = {"date": days(9), "provider_id": "p"}
    assert pair([old(provider_id="p")], [new(101, **far), new(102, **far)]) == {}


def test_a_row_that_fits_two_others_is_left_to_a_person():
    assert pair([old()], [new(101, date=days(1)), new(102, amount=Decimal("-5.00"))]) == {}
    assert pair([old(1, date=days(-1)), old(2, date=days(1))], [new()]) == {}
    assert pair([old(1, date=days(-1)), old(2, date=days(1), is_edited=False)], [new()]) == {}


def test_days_that_all_move_by_one_leave_no_edit_on_the_last():
    lost = [old(1), old(2, date=days(1))]
    fresh = [new(101, date=days(1)), new(102, date=days(2))]
    # The second day's rows look the same. The first day's could be either of the new ones.
    assert pair(lost, fresh) == {2: 101}


def test_a_new_row_that_already_replaces_another_is_not_used_again_but_still_counts():
    assert pair([old()], [new(is_taken=True)]) == {}
    assert pair([old()], [new(101, is_taken=True), new(102, date=days(1))]) == {}


def test_words_are_similar_if_more_than_half_of_the_shorter_are_shared():
    def alike(one: str, other: str) -> bool:
        return similar(old(description=one), old(description=other))

    assert alike("UBER *TRIP", "uber trip sp")
    assert alike("UBERTRIP", "Uber *Trip")
    assert not alike("PIX MARIA", "PIX JOAO")
    assert not alike("UBER TRIP", "")
    assert alike("", "***")


@pytest.mark.parametrize("size", [1_000, 4_000])
def test_a_crowd_of_alike_rows_is_not_compared_one_by_one(size, monkeypatch):
    compared = []
    monkeypatch.setattr("apps.banking.rows.pairing._fits", lambda *rows: compared.append(1) or False)
    lost = [old(n, description=f"word{n}") for n in range(size)]
    fresh = [new(size + n, date=days(n % 3), description=f"other{n}") for n in range(size)]
    fits, crowded = fitting(lost, fresh)
    assert (len(compared), fits, len(crowded)) == (0, {}, 2 * size)
    groups = [old(n, amount=Decimal(-1 - n // CROWD), description=f"word{n}") for n in range(size)]
    news = [new(size + n, amount=Decimal(-1 - n // CROWD), description=f"other{n}") for n in range(size)]
    fitting(groups, news)
    assert len(compared) <= size * CROWD


PURCHASES = st.lists(
    st.fixed_dictionaries(
        {
            "date": st.integers(0, 8).map(days),
            "amount": st.sampled_from([Decimal("-4.40"), Decimal("-5.00"), Decimal("-12.90")]),
            "description": st.sampled_from(SHOPS),
            "provider_id": st.sampled_from(["", "", "p-1", "p-2"]),
            "is_edited": st.booleans(),
            "change": st.sampled_from(["", "", "id", "date", "amount", "words", "date and words"]),
            "by": st.sampled_from([-3, -2, -1, 1, 2, 3]),
            "keeps_provider_id": st.booleans(),
        }
    ),
    max_size=12,
)


def renamed(row: Candidate, change: str, by: int, *, keeps: bool) -> Candidate:
    """The row that the vendor creates for a lost one."""
    provider_id = row.provider_id if keeps else ""
    changed = replace(row, id=row.id + 100, created_at=RENAMED, is_edited=False, provider_id=provider_id)
    if "date" in change:
        changed = replace(changed, date=row.date + timedelta(by))
    if "amount" in change:
        changed = replace(changed, amount=row.amount - by)
    if "words" in change:
        changed = replace(changed, description=f"{row.description.lower()} SAO PAULO")
    return changed


@given(PURCHASES, PURCHASES, st.randoms(use_true_random=False))
def test_no_edit_is_ever_on_a_row_that_is_neither_its_own_nor_looks_the_same(bought, later, rng):
    lost, fresh = [], []
    for number, purchase in enumerate(bought):
        change, by, keeps = (purchase.pop(name) for name in ("change", "by", "keeps_provider_id"))
        if change:
            lost.append(old(number, **purchase))
            fresh.append(renamed(lost[-1], change, by, keeps=keeps))
    for number, purchase in enumerate(later):
        columns = {name: purchase[name] for name in ("date", "amount", "description")}
        fresh.append(new(1_000 + number, **columns))
    rng.shuffle(lost)
    rng.shuffle(fresh)
    news, olds = {row.id: row for row in fresh}, {row.id: row for row in lost}
    pairs = pair(lost, fresh)
    assert len(set(pairs.values())) == len(pairs)
    for old_id, new_id in pairs.items():
        same_provider = olds[old_id].provider_id and olds[old_id].provider_id == news[new_id].provider_id
        assert new_id == old_id + 100 or olds[old_id].look == news[new_id].look or same_provider


def test_few_edits_are_left_after_changes_like_those_of_a_bank():
    rng = random.Random(290)
    left = total = 0
    for _ in range(20):
        bought = [
            old(
                n,
                date=days(rng.randrange(30)),
                amount=Decimal(rng.choice([440, 500, *[rng.randrange(100, 90_000) for _ in range(8)]])).scaleb(-2),
                description=f"{rng.choice(SHOPS)} {rng.randrange(40)}",
            )
            for n in range(300)
        ]
        lost = rng.sample(bought, 30)
        changes = rng.choices(["id", "date", "amount", "words", "date and words"], k=30)
        changed = zip(lost, changes, strict=True)
        fresh = [renamed(row, change, rng.choice([-2, -1, 1, 2]), keeps=False) for row, change in changed]
        pairs = pair(lost, fresh)
        assert all(new_id == old_id + 100 for old_id, new_id in pairs.items())
        total, left = total + len(lost), left + len(lost) - len(pairs)
    assert total == 600
    assert left <= 30
