"""Days at the bank: the changes, the events, and the oracle's answers."""

import pytest


@pytest.fixture
def item(emulator):
    """A connected user-ok."""
    return emulator.connect()["id"]


def _evolve(emulator, item, **plan):
    answer = emulator.post(f"/_sandbox/items/{item}/evolve", plan)
    assert emulator.status == 200, answer
    return answer["accounts"]


def _rows(emulator, account):
    return {row["id"]: row for row in emulator.get("/v2/transactions", accountId=account)["results"]}


def _checking(emulator, item):
    return emulator.get("/accounts", itemId=item)["results"][0]["id"]


def test_new_rows_appear_and_move_the_balance(emulator, item):
    account = _checking(emulator, item)
    before = emulator.get("/accounts/" + account)
    made = _evolve(emulator, item, new=4)[account]["created"]
    rows = _rows(emulator, account)
    moved = sum(rows[i]["amount"] for i in made)
    after = emulator.get("/accounts/" + account)
    assert after["balance"] == pytest.approx(before["balance"] + moved)
    assert after["updatedAt"] > before["updatedAt"]


def test_updated_rows_keep_their_ids_and_deleted_ones_are_gone(emulator, item):
    account = _checking(emulator, item)
    before = _rows(emulator, account)
    changes = _evolve(emulator, item, update=2, delete=3)[account]
    after = _rows(emulator, account)
    assert set(before) - set(after) == set(changes["deleted"])
    for row_id in changes["updated"]:
        assert after[row_id]["description"].endswith("CONFIRMADA")
        assert after[row_id]["updatedAt"] > before[row_id]["updatedAt"]
        assert after[row_id]["createdAt"] == before[row_id]["createdAt"]


def test_reissued_rows_are_the_same_under_other_ids(emulator, item):
    account = _checking(emulator, item)
    before = _rows(emulator, account)
    changes = _evolve(emulator, item, reissue=3)[account]
    after = _rows(emulator, account)
    old = sorted((before[i]["description"], before[i]["amount"], before[i]["date"]) for i in changes["deleted"])
    new = sorted((after[i]["description"], after[i]["amount"], after[i]["date"]) for i in changes["created"])
    assert old == new
    assert len(old) == 3


def test_reissued_rows_can_change_their_day_words_and_amount_in_turn(emulator, item):
    account = _checking(emulator, item)
    before = _rows(emulator, account)
    changes = _evolve(emulator, item, reissue_changed=3)[account]
    after = _rows(emulator, account)
    pairs = zip(changes["deleted"], changes["created"], strict=True)
    names = ("date", "description", "amount")
    differing = [[name for name in names if before[old][name] != after[new][name]] for old, new in pairs]
    assert differing == [["date"], ["description"], ["amount"]]


def test_pending_rows_are_posted_under_the_same_id_or_under_a_new_one(emulator, item):
    card = emulator.get("/accounts", itemId=item, type="CREDIT")["results"][0]["id"]
    pending = {i for i, row in _rows(emulator, card).items() if row["status"] == "PENDING"}
    assert set(_evolve(emulator, item, post_pending=True)[card]["updated"]) == pending
    assert all(_rows(emulator, card)[i]["status"] == "POSTED" for i in pending)
    _evolve(emulator, item, pending=2)
    changes = _evolve(emulator, item, post_reissued=True)[card]
    assert len(changes["created"]) == len(changes["deleted"]) == 2


def test_scheduled_rows_stay_pending_while_their_day_is_ahead(emulator, item):
    account = _checking(emulator, item)
    _evolve(emulator, item, scheduled=1)
    _evolve(emulator, item, post_pending=True)
    ahead = [row for row in _rows(emulator, account).values() if row["status"] == "PENDING"]
    assert len(ahead) == 2


def test_a_new_bill_is_the_next_months(emulator, item):
    card = emulator.get("/accounts", itemId=item, type="CREDIT")["results"][0]["id"]
    before = emulator.get("/bills", accountId=card)["results"]
    _evolve(emulator, item, new_bill=True)
    after = emulator.get("/bills", accountId=card)["results"]
    assert len(after) == 4
    assert after[0]["dueDate"] > before[0]["dueDate"]


def test_investments_gain_and_balances_can_be_set(emulator, item):
    before = emulator.get("/investments", itemId=item)["results"]
    account = _checking(emulator, item)
    _evolve(emulator, item, invest=2, balance=12.34, accountId=account)
    after = emulator.get("/investments", itemId=item)["results"]
    assert [a["balance"] > b["balance"] for a, b in zip(after, before, strict=True)] == [True] * 2 + [False] * 6
    assert emulator.get("/accounts/" + account)["balance"] == 12.34


def test_a_silent_day_sends_nothing_but_advances_the_item(emulator, item):
    before = emulator.get("/items/" + item)
    sent = emulator.get("/_sandbox/webhooks")["counts"]["events"]
    _evolve(emulator, item, new=2, silent=True)
    assert emulator.get("/_sandbox/webhooks")["counts"]["events"] == sent
    assert emulator.get("/items/" + item)["lastUpdatedAt"] > before["lastUpdatedAt"]


def test_a_partial_day_marks_the_products_that_failed(emulator, item):
    _evolve(emulator, item, new=1, partial=["investments"])
    found = emulator.get("/items/" + item)
    assert (found["status"], found["executionStatus"]) == ("UPDATED", "PARTIAL_SUCCESS")
    assert found["statusDetail"]["investments"]["isUpdated"] is False
    _evolve(emulator, item, new=1)
    assert emulator.get("/items/" + item)["statusDetail"] is None


def test_a_day_sends_events_for_each_account_and_for_the_item(emulator, item, receiver):
    emulator.post("/webhooks", {"event": "all", "url": receiver.url})
    _evolve(emulator, item, new=1, update=1, delete=1)
    kinds = sorted(g["body"]["event"] for g in receiver.wait(7))
    assert kinds == ["item/updated", *["transactions/created"] * 2, *["transactions/deleted"] * 2,
                     *["transactions/updated"] * 2]  # fmt: skip
    assert {g["body"].get("triggeredBy") for g in receiver.got} == {"SYNC", None}


def test_a_whole_execution_can_bring_the_day(emulator, item):
    before = emulator.get("/_sandbox/counts", itemId=item)["items"][item]["transactions"]
    assert emulator.post(f"/_sandbox/items/{item}/sync", {"new": 3})["status"] == "UPDATING"
    emulator.settled(item)
    assert emulator.get("/_sandbox/counts", itemId=item)["items"][item]["transactions"] == before + 6


def test_big_items_evolve_too(emulator):
    item = emulator.connect("user-ok-perf-20x")["id"]
    account = _checking(emulator, item)
    changes = _evolve(emulator, item, new=2, update=2, reissue=2, delete=1, accountId=account)[account]
    assert [len(changes[k]) for k in ("created", "updated", "deleted")] == [4, 2, 3]
    assert emulator.get("/_sandbox/counts", itemId=item)["items"][item]["transactions"] == 2000 + 2 - 1


def test_unknown_fields_and_bad_counts_are_refused(emulator, item):
    for plan in ({"nwe": 1}, {"new": "two"}, {"new": -1}, {"balance": "x"}, {"partial": "loans"}, {"partial": ["x"]}):
        emulator.post(f"/_sandbox/items/{item}/evolve", plan)
        assert emulator.status == 400
    emulator.post(f"/_sandbox/items/{item}/evolve", {"accountId": item})
    assert emulator.status == 404


def test_a_product_that_failed_first_is_collected_and_announced_later(emulator, receiver):
    item = emulator.connect("user-ok-account-error")["id"]
    emulator.post("/webhooks", {"event": "transactions/created", "url": receiver.url})
    emulator.patch("/items/" + item, {"parameters": {"user": "user-ok", "password": "password-ok"}})
    assert emulator.settled(item)["executionStatus"] == "SUCCESS"
    card = emulator.get("/accounts", itemId=item, type="CREDIT")["results"][0]["id"]
    assert receiver.wait(1)[0]["body"]["accountId"] == card


def test_the_rows_of_a_new_bill_get_its_id_and_add_up(emulator, item):
    card = emulator.get("/accounts", itemId=item, type="CREDIT")["results"][0]["id"]
    changed = _evolve(emulator, item, new_bill=True)[card]["updated"]
    bill = emulator.get("/bills", accountId=card)["results"][0]
    rows = {row["id"]: row for row in emulator.get("/v2/transactions", accountId=card)["results"]}
    lines = [row for row in rows.values() if row["creditCardMetadata"]["billId"] == bill["id"]]
    assert {row["id"] for row in lines} == set(changed)
    assert lines
    assert bill["totalAmount"] > 0
