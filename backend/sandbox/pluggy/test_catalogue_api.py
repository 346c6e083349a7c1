"""Connectors, categories, rules and merchants."""

from .catalogue_api import MERCHANTS


def _ids(page):
    return [one["id"] for one in page["results"]]


def test_sandbox_connectors_are_listed_only_on_demand(emulator):
    assert _ids(emulator.get("/connectors")) == [200, 201, 601]
    listed = _ids(emulator.get("/connectors", sandbox="true"))
    assert {0, 2, 4, 5, 8, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20, 500, 600} <= set(listed)


def test_filters_narrow_the_list_and_empty_ones_count_as_absent(emulator):
    assert _ids(emulator.get("/connectors", sandbox="true", isOpenFinance="true")) == [600, 601]
    assert _ids(emulator.get("/connectors", sandbox="true", types="INVESTMENT")) == [16, 17, 18]
    assert _ids(emulator.get("/connectors", sandbox="true", name="acquirer")) == [20]
    assert len(_ids(emulator.get("/connectors?sandbox=true&types=&countries="))) == 20
    assert _ids(emulator.get("/connectors", sandbox="true", countries="AR")) == []


def test_health_details_come_only_when_asked_for(emulator):
    assert "details" not in emulator.get("/connectors/2")["health"]
    details = emulator.get("/connectors/2", healthDetails="true")["health"]["details"]
    assert details["connectionsLast6Hours"] == 214


def test_every_credential_says_whether_it_is_optional(emulator):
    for connector in emulator.get("/connectors", sandbox="true")["results"]:
        assert all(field["optional"] is False for field in connector["credentials"])


def test_an_unknown_connector_is_404_with_its_code(emulator):
    assert emulator.get("/connectors/99999")["codeDescription"] == "CONNECTOR_NOT_FOUND"


def test_validation_answers_200_with_a_code_per_field(emulator):
    answer = emulator.post("/connectors/4/validate", {"user": "user-ok", "token": "12"})
    assert emulator.status == 200
    assert [(e["code"], e["parameter"]) for e in answer["errors"]] == [("001", "password"), ("002", "token")]
    assert emulator.post("/connectors/600/validate", {"cpf": "761.092.776-73"})["errors"] == []


def test_an_offline_connector_shows_an_incident_and_refuses_items(emulator):
    emulator.post("/_sandbox/connectors/2/status", {"status": "OFFLINE"})
    health = emulator.get("/connectors/2")["health"]
    assert (health["status"], health["incidents"][0]["severity"]) == ("OFFLINE", "MAJOR_OUTAGE")
    body = {"connectorId": 2, "parameters": {"user": "user-ok", "password": "password-ok"}}
    assert emulator.post("/items", body)["codeDescription"] == "CONNECTOR_OFFLINE"


def test_categories_form_a_tree_in_two_languages(emulator):
    page = emulator.get("/categories", parentId="01000000")
    salary = page["results"][0]
    assert (salary["id"], salary["descriptionTranslated"], salary["parentDescription"]) == (
        "01010000",
        "Salário",
        "Income",
    )
    assert emulator.get("/categories/1")["codeDescription"] == "CATEGORY_NOT_FOUND"


def test_rules_are_made_listed_and_deleted_with_204(emulator):
    rule = emulator.post("/categories/rules", {"description": "PADARIA", "categoryId": "11010000"})
    assert rule["category"] == "Eating out"
    assert _ids(emulator.get("/categories/rules")) == [rule["id"]]
    assert emulator.delete("/categories/rules/" + rule["id"]) is None
    assert emulator.status == 204
    assert emulator.delete("/categories/rules/" + rule["id"])["codeDescription"] == "CATEGORY_RULE_NOT_FOUND"
    assert emulator.post("/categories/rules", {"description": "x", "categoryId": "1"})["code"] == 404


def test_a_rule_acts_on_rows_that_come_in_later(emulator):
    item = emulator.connect()["id"]
    for text, match in (("a", "contains"), ("zzz", "exact")):
        body = {"description": text, "categoryId": "13000000", "matchType": match, "accountType": "CHECKING_ACCOUNT"}
        emulator.post("/categories/rules", body)
    changed = emulator.post(f"/_sandbox/items/{item}/evolve", {"new": 3})["accounts"]
    for account in emulator.get("/accounts", itemId=item)["results"]:
        rows = [emulator.get("/transactions/" + i) for i in changed.get(account["id"], {}).get("created", [])]
        ruled = account["subtype"] == "CHECKING_ACCOUNT"
        assert all((r["category"] == "Donations") == (ruled and "a" in r["description"].lower()) for r in rows)


def test_merchants_are_divided_into_known_unknown_and_invalid(emulator):
    known = next(iter(MERCHANTS))
    answer = emulator.get("/merchants", cnpjs=f"{known},11.222.333/0001-81,123")
    assert answer["foundMerchants"][0]["cnpj"] == known
    assert (answer["notFoundMerchants"], answer["invalidCnpjs"]) == (["11222333000181"], ["123"])
