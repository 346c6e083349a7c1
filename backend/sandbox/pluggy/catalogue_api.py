"""Endpoints without an item: connectors, categories and their rules, merchants."""

import re

from aiohttp import web

from . import connectors, people, spending
from .auth import caller_of
from .categories import CATEGORIES
from .errors import ApiError, invalid, not_found
from .items_guard import field_problems
from .seeded import rng
from .wire import Doc, body_of, page, path_uuid, query_value, reply, truthy
from .world import world_of

MATCHES = ("exact", "contains", "startsWith", "endsWith")
FLAGS = {
    "isOpenFinance": "isOpenFinance",
    "supportsPaymentInitiation": "supportsPaymentInitiation",
    "supportsSmartTransfers": "supportsSmartTransfers",
    "supportsAutomaticPix": "supportsAutomaticPix",
}


async def list_connectors(request: web.Request) -> web.Response:
    """GET /connectors: sandbox ones only with `sandbox=true`."""
    found = [c for c in world_of(request).connectors.values() if _listed(request, c)]
    return page([connectors.to_json(c, truthy(request, "healthDetails")) for c in found])


def _listed(request: web.Request, doc: Doc) -> bool:
    countries = [c for c in query_value(request, "countries").split(",") if c]
    types = [t for t in query_value(request, "types").split(",") if t]
    flags = all(not query_value(request, flag) or doc[field] == truthy(request, flag) for flag, field in FLAGS.items())
    return (
        (not doc["isSandbox"] or truthy(request, "sandbox"))
        and (not countries or doc["country"] in countries)
        and (not types or doc["type"] in types)
        and query_value(request, "name").lower() in doc["name"].lower()
        and flags
    )


def _connector(request: web.Request) -> Doc:
    text = request.match_info["id"]
    if not text.isdigit():
        raise invalid("id must be an integer number")
    found = world_of(request).connectors.get(int(text))
    if found is None:
        raise not_found("CONNECTOR")
    return found


async def connector(request: web.Request) -> web.Response:
    """GET /connectors/{id}"""
    details = truthy(request, "healthDetails") or truthy(request, "includeHealth")
    return reply(connectors.to_json(_connector(request), details))


async def validate(request: web.Request) -> web.Response:
    """POST /connectors/{id}/validate: 200 also when the credentials break the rules."""
    doc, body = _connector(request), await body_of(request)
    return reply({"parameters": body, "errors": field_problems(doc, {k: str(v) for k, v in body.items()})})


async def list_categories(request: web.Request) -> web.Response:
    """GET /categories"""
    parent = query_value(request, "parentId")
    return page([c for c in CATEGORIES.values() if not parent or c["parentId"] == parent])


async def category(request: web.Request) -> web.Response:
    """GET /categories/{id}"""
    found = CATEGORIES.get(request.match_info["id"])
    if found is None:
        raise not_found("CATEGORY")
    return reply(found)


async def list_rules(request: web.Request) -> web.Response:
    """GET /categories/rules"""
    return page(list(world_of(request).rules.values()))


async def create_rule(request: web.Request) -> web.Response:
    """POST /categories/rules"""
    world, body = world_of(request), await body_of(request)
    text, key, match = body.get("description"), body.get("categoryId"), body.get("matchType", "exact")
    if not isinstance(text, str) or not text or not isinstance(key, str):
        raise invalid("description should not be empty", "categoryId must be a string")
    if key not in CATEGORIES:
        raise not_found("CATEGORY")
    if match not in MATCHES:
        raise invalid("matchType must be one of the following values: " + ", ".join(MATCHES))
    rule: Doc = {
        "id": world.fresh_id(),
        "clientId": world.options.client_id,
        "description": text,
        "categoryId": key,
    }
    rule |= {"category": CATEGORIES[key]["description"], "matchType": match}
    rule |= {name: body.get(name) for name in ("transactionType", "accountType")}
    world.rules[rule["id"]] = rule
    return reply(rule)


async def delete_rule(request: web.Request) -> web.Response:
    """DELETE /categories/rules/{id}: 204, no body."""
    world, caller, rule_id = world_of(request), caller_of(request), path_uuid(request)
    if caller.connect:
        raise ApiError(403, "This rule is not yours", "CATEGORY_RULE_FORBIDDEN")
    if rule_id not in world.rules:
        raise not_found("CATEGORY_RULE")
    del world.rules[rule_id]
    return web.Response(status=204, content_type="application/json")


def _known_merchants() -> dict[str, Doc]:
    found: dict[str, Doc] = {}
    for template in (*spending.BANK, *spending.CARD, spending.ABROAD):
        if template.merchant:
            number = people.cnpj(rng("merchant", template.merchant))
            found[number] = {
                "name": template.merchant,
                "businessName": f"{template.merchant.upper()} COMERCIO LTDA",
                "cnpj": number,
                "cnae": "4711302",
                "category": CATEGORIES[template.category]["description"],
            }
    return found


MERCHANTS = _known_merchants()


async def merchants(request: web.Request) -> web.Response:
    """GET /merchants: the merchants behind these CNPJs."""
    numbers = [re.sub(r"\D", "", part) or part for part in query_value(request, "cnpjs").split(",") if part.strip()]
    if not numbers:
        raise invalid("cnpjs should not be empty")
    valid = [number for number in numbers if people.valid_cnpj(number)]
    return reply(
        {
            "foundMerchants": [MERCHANTS[number] for number in valid if number in MERCHANTS],
            "notFoundMerchants": [number for number in valid if number not in MERCHANTS],
            "invalidCnpjs": [number for number in numbers if number not in valid],
        }
    )
