"""Reading transactions: cursor pages, filters, the old paged list, one row, its category."""

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest


@pytest.fixture
def big(emulator):
    """The checking account of a user with 1,100 rows."""
    item = emulator.connect("user-ok-perf-11x")
    return emulator.get("/accounts", itemId=item["id"])["results"][0]["id"]


@pytest.fixture
def account(emulator):
    """The checking account of user-ok."""
    item = emulator.connect()
    return emulator.get("/accounts", itemId=item["id"])["results"][0]["id"]


def _all(emulator, query):
    pages, query = [], f"?{query}"
    while query:
        page = emulator.get("/v2/transactions" + query)
        pages.append(page["results"])
        query = page["next"]
    return pages


def _ids(rows):
    return [row["id"] for row in rows]


def test_a_cursor_walks_every_row_once_five_hundred_a_page_newest_first(emulator, big):
    pages = _all(emulator, f"accountId={big}")
    rows = [row for page in pages for row in page]
    assert [len(page) for page in pages] == [500, 500, 100]
    assert len(set(_ids(rows))) == 1100
    keys = [(row["date"], row["id"]) for row in rows]
    assert keys == sorted(keys, reverse=True)


def test_the_cursor_has_the_vendors_exact_format_and_never_plus_or_slash(emulator, big):
    page = emulator.get("/v2/transactions", accountId=big)
    assert page["next"].startswith(f"?accountId={big}&after=")
    after = page["next"].partition("after=")[2]
    date, _, row_id = base64.b64decode(after).decode().partition("|")
    last = page["results"][-1]
    assert (len(after), date, row_id) == (84, last["date"], last["id"])
    assert not set("+/") & set(after)


def test_padding_may_be_missing_and_filters_may_be_repeated_or_left_out(emulator, big):
    following = emulator.get("/v2/transactions", accountId=big)["next"]
    after = parse_qs(following[1:])["after"][0].rstrip("=")
    assert len(emulator.get("/v2/transactions", accountId=big, after=after)["results"]) == 500


def test_next_contains_the_filters(emulator, big):
    pages = _all(emulator, f"accountId={big}&dateFrom=2020-01-01")
    assert sum(map(len, pages)) == 1100


@pytest.mark.parametrize("cursor", ["x", "AAAA", base64.b64encode(b"2020-10-15T00:00:00.000Z|nope").decode(), "é"])
def test_a_bad_cursor_is_400(emulator, account, cursor):
    answer = emulator.get("/v2/transactions", accountId=account, after=cursor)
    assert (emulator.status, answer["message"]) == (400, "Invalid cursor")


def test_a_date_window_includes_both_days(emulator, account):
    rows = emulator.get("/v2/transactions", accountId=account)["results"]
    day = rows[10]["date"][:10]
    expected = [row["id"] for row in rows if row["date"][:10] == day]
    assert _ids(emulator.get("/v2/transactions", accountId=account, dateFrom=day, dateTo=day)["results"]) == expected


def test_created_at_from_gives_rows_ingested_since_then_whatever_their_date(emulator, account):
    rows = emulator.get("/v2/transactions", accountId=account)["results"]
    item = emulator.get("/accounts/" + account)["itemId"]
    made = emulator.post(f"/_sandbox/items/{item}/evolve", {"backdated": 2, "update": 3, "accountId": account})
    since = emulator.get("/transactions/" + made["accounts"][account]["created"][0])["createdAt"]
    found = emulator.get("/v2/transactions", accountId=account, createdAtFrom=since)["results"]
    assert set(_ids(found)) == set(made["accounts"][account]["created"])
    assert min(row["date"] for row in found) < rows[0]["date"]


def test_created_at_from_and_date_from_exclude_each_other(emulator, account):
    emulator.get("/v2/transactions", accountId=account, createdAtFrom="2026-01-01", dateFrom="2026-01-01")
    assert emulator.status == 400


def test_ids_choose_rows_and_at_most_five_hundred(emulator, account):
    rows = emulator.get("/v2/transactions", accountId=account)["results"]
    chosen = [rows[3]["id"], rows[1]["id"], "00000000-0000-4000-8000-000000000000"]
    found = emulator.get("/v2/transactions", accountId=account, ids=",".join(chosen))["results"]
    assert _ids(found) == [rows[1]["id"], rows[3]["id"]]
    many = ",".join(f"00000000-0000-4000-8000-{n:012d}" for n in range(501))
    answer = emulator.get("/v2/transactions", accountId=account, ids=many)
    assert (emulator.status, answer["codeDescription"]) == (400, "IDS_PARAMETER_EXCEEDS_MAX_LENGTH")


def test_the_old_list_pages_by_number_until_it_is_switched_off(emulator, big):
    page = emulator.get("/transactions", accountId=big, page=3, pageSize=500)
    assert (page["page"], page["total"], page["totalPages"], len(page["results"])) == (3, 1100, 3, 100)
    emulator.get("/transactions", accountId=big, pageSize=501)
    assert emulator.status == 400
    emulator.post("/_sandbox/switches", {"v1_transactions_gone": True})
    emulator.get("/transactions", accountId=big)
    assert emulator.status == 410


def test_the_old_list_filters_by_bill(emulator):
    item = emulator.connect()
    card = emulator.get("/accounts", itemId=item["id"], type="CREDIT")["results"][0]["id"]
    for bill in emulator.get("/bills", accountId=card)["results"]:
        for row in emulator.get("/transactions", accountId=card, billId=bill["id"])["results"]:
            assert row["creditCardMetadata"]["billId"] == bill["id"]


def test_a_missing_account_id_is_the_vendors_two_messages(emulator):
    answer = emulator.get("/v2/transactions")
    assert answer == {"code": 400, "message": "accountId should not be null or undefined,accountId must be a UUID"}


def test_a_category_set_by_the_client_stays_over_syncs(emulator, account):
    row = emulator.get("/v2/transactions", accountId=account)["results"][5]
    changed = emulator.patch("/transactions/" + row["id"], {"categoryId": "07010000"})
    assert (changed["category"], changed["categoryId"]) == ("Telecom", "07010000")
    item = emulator.get("/accounts/" + account)["itemId"]
    emulator.patch("/items/" + item)
    emulator.settled(item)
    assert emulator.get("/transactions/" + row["id"])["categoryId"] == "07010000"
    assert emulator.patch("/transactions/" + row["id"], {"categoryId": "1"})["codeDescription"] == "CATEGORY_NOT_FOUND"


def test_rows_cover_what_a_client_must_cope_with(emulator):
    item = emulator.connect()
    state = emulator.get("/_sandbox/state", itemId=item["id"])["items"][0]
    rows = [row for rows in state["transactions"].values() for row in rows]
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert {row["date"][11:] for row in rows} >= {"00:00:00.000Z", "03:00:00.000Z"}
    assert any(row["status"] == "PENDING" and row["date"] > tomorrow for row in rows)
    assert any(row["paymentData"] and row["paymentData"]["payer"]["documentNumber"]["type"] == "CPF" for row in rows)
    assert any(row["paymentData"] and row["paymentData"]["boletoMetadata"] for row in rows)
    assert any(row["currencyCode"] == "USD" and row["amountInAccountCurrency"] for row in rows)
    assert any(row["creditCardMetadata"] and row["creditCardMetadata"]["paymentType"] == "INSTALLMENT" for row in rows)
    assert any(row["merchant"] for row in rows)
    for row in rows:
        assert row["createdAt"]
        assert row["updatedAt"]
        assert (row["amount"] > 0) == ((row["type"] == "CREDIT") != bool(row["creditCardMetadata"]))
