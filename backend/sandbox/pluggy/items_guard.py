"""The rules that forbid creating or updating an item, each with Pluggy's own code."""

import re
from datetime import timedelta

from . import clock, sealed_parameters
from .auth import Caller
from .connectors import MEU_PLUGGY, PRODUCTS
from .errors import ApiError, invalid, not_found
from .model import Item
from .wire import Doc
from .world import World

KNOWN_PRODUCTS = (*PRODUCTS, "BROKERAGE_NOTE", "MOVE_SECURITY", "ACCOUNT_STATEMENTS")
BACKOFF_MINUTES = 15
MOST_LOGIN_FAILURES = 2
MOST_FAILURES = 5


def check_plan(world: World, caller: Caller) -> None:
    """The subscription's rules: free plans create items only through the widget, and a plan may limit their number."""
    if world.switches.free_plan and not caller.connect:
        raise ApiError(400, "Free plans create items through Connect only", "CREATE_ITEMS_API_FREE_DISABLED")
    most = world.options.max_items
    if most and len(world.items) >= most:
        message = "The limit of items is reached"
        raise ApiError(409, message, "ITEM_CREATION_LIMIT_EXCEEDED", data={"itemsLimit": most})


def check_connector(world: World, connector_id: object) -> Doc:
    """The connector to connect; must exist and be ONLINE or UNSTABLE."""
    if not isinstance(connector_id, int | float) or isinstance(connector_id, bool):
        raise invalid("connectorId must be a number")
    connector = world.connectors.get(int(connector_id))
    if connector is None:
        raise not_found("CONNECTOR")
    if connector["health"]["status"] == "OFFLINE":
        raise ApiError(400, "The connector is offline", "CONNECTOR_OFFLINE")
    return connector


def check_parameters(connector: Doc, value: object, updating: Item | None = None) -> dict[str, str]:
    """The credentials as texts. 400 with details for each field that breaks the form's rules."""
    if isinstance(value, str) and value:
        value = sealed_parameters.unseal(value)
    if not isinstance(value, dict) or not value:
        raise ApiError(400, "Parameters were not provided", "PARAMETERS_NOT_PROVIDED")
    parameters = {str(name): str(text) for name, text in value.items()}
    merged = {**updating.parameters, **parameters} if updating else parameters
    problems = field_problems(connector, merged)
    if problems:
        raise ApiError(
            400,
            "Some parameters are not valid",
            "CONNECTOR_VALIDATION_ERROR",
            details=problems,
            errors=problems,
        )
    return parameters


def field_problems(connector: Doc, parameters: dict[str, str]) -> list[Doc]:
    """`001` for a required field that is missing, `002` for a value against the field's rule."""
    found = []
    for field in connector["credentials"]:
        value, name = parameters.get(field["name"], ""), field["name"]
        if not value and not field["optional"] and not (name == "cpf" and parameters.get("cnpj")):
            found.append({"code": "001", "message": f"{name} is required", "parameter": name})
        elif value and not _fits(field, value):
            message = field.get("validationMessage") or "Choose one of the options"
            found.append({"code": "002", "message": message, "parameter": name})
    return found


def _fits(field: Doc, value: str) -> bool:
    if field.get("options"):
        return value in {option["value"] for option in field["options"]}
    return re.search(field.get("validation") or "", value) is not None


def check_products(products: object) -> None:
    """400 if `products` has anything but known product names."""
    if products is None:
        return
    if not isinstance(products, list) or not all(product in KNOWN_PRODUCTS for product in products):
        raise invalid("each value in products must be one of the following values: " + ", ".join(KNOWN_PRODUCTS))


def check_update(world: World, item: Item, body: Doc) -> None:
    """Everything that forbids a PATCH now."""
    _check_permission(world, item)
    if item.status in ("WAITING_USER_INPUT", "WAITING_USER_ACTION"):
        message = "An update is already in progress, wait until it ends or send the second factor"
        raise ApiError(400, message, "ITEM_IS_ALREADY_UPDATING")
    if item.running:
        raise ApiError(400, "Item is already updating", "ITEM_IS_ALREADY_UPDATING")
    if item.connector["health"]["status"] == "OFFLINE":
        raise ApiError(400, "The connector is offline", "CONNECTOR_OFFLINE")
    _check_failures(world, item, body)
    _check_frequency(world, item)
    _check_fresh_code(item, body)


def _check_permission(world: World, item: Item) -> None:
    if item.connector["id"] == MEU_PLUGGY:
        raise ApiError(400, "MeuPluggy item cant be updated")
    if world.switches.sandbox_updates_forbidden and item.connector["isSandbox"]:
        raise ApiError(400, "Sandbox items may not be updated", "SANDBOX_CLIENT_ITEM_UPDATE_NOT_ALLOWED")
    if world.switches.updates_disabled:
        raise ApiError(400, "Item updates are disabled", "CLIENT_HAS_ITEM_UPDATES_DISABLED")


def _check_failures(world: World, item: Item, body: Doc) -> None:
    if item.failed_logins >= MOST_LOGIN_FAILURES:
        _back_off(world, item)
    elif item.failed_runs > MOST_FAILURES:
        raise ApiError(400, "Too many failed executions in a row", "TOO_MANY_CONSECUTIVE_ERRORS")
    if item.status == "LOGIN_ERROR" and not body.get("parameters"):
        message = "The last execution had a login error, send new credentials"
        raise ApiError(400, message, "LAST_EXECUTION_HAD_LOGIN_ERROR")


def _back_off(world: World, item: Item) -> None:
    until = clock.moment_of(item.last_ended_at) + timedelta(seconds=world.clock.scaled(BACKOFF_MINUTES * 60))
    if clock.now() >= until:
        return
    data = {
        "readableBackoffTime": f"{BACKOFF_MINUTES} minutes",
        "maxConsecutiveFailedLoginAttempts": MOST_LOGIN_FAILURES,
        "lastExecutionEndedAt": item.last_ended_at,
        "canRetryAfterDate": clock.iso(until),
    }
    raise ApiError(400, "Too many failed logins in a row", "TOO_MANY_CONSECUTIVE_LOGIN_FAILURES", data=data)


def _check_frequency(world: World, item: Item) -> None:
    hours = world.switches.min_update_hours
    last = clock.parse_iso(item.last_updated_at or "")
    if hours and last and clock.now() < last + timedelta(hours=hours):
        data = {"minUpdateFrequencyAllowedInHours": hours, "lastUpdatedAt": item.last_updated_at}
        message = "The item was updated a short while ago"
        raise ApiError(409, message, "CLIENT_IS_UPDATING_BEFORE_ALLOWED_FREQUENCY", data=data)


def _check_fresh_code(item: Item, body: Doc) -> None:
    one_step = [field["name"] for field in item.connector["credentials"] if field.get("mfa")]
    sent = body.get("parameters") if isinstance(body.get("parameters"), dict) else {}
    for name in one_step:
        value = str((sent or {}).get(name) or "")
        if not value:
            message = f"{name} is needed for every update"
            raise ApiError(400, message, "CONNECTOR_REQUIRED_PARAMETER_VALIDATION_ERROR", data={"parameter": name})
        if value in item.used_codes:
            raise ApiError(400, "This value was used already", "MFA_PARAMERTER_WAS_ALREADY_USED_ERROR")
