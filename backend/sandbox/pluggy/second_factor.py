"""Second factors and bank approvals: MFA in one or two steps, the QR code, the bank's authorisation page."""

import asyncio
import base64

from . import clock, events
from .connectors import MEU_PLUGGY, QR, TWO_STEP, credential
from .errors import ApiError
from .model import Item
from .users import LOGIN_ERRORS, MFA_CODE
from .wire import Doc
from .world import World

QR_SECONDS = 4.0
VERIFY = 0.5
WRONG_CODE = "000000"
APPROVED, DENIED = "approved", "denied"
IMAGE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="220" height="60">'
    b'<text x="20" y="40" font-size="32">123456</text></svg>'
)


class LoginFailed(Exception):
    """The login ended with this execution status."""

    def __init__(self, code: str, provider_message: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.provider_message = provider_message


def is_login_error(code: str) -> bool:
    """Whether a failure with this code gives LOGIN_ERROR (the user must act) and not OUTDATED."""
    return code in LOGIN_ERRORS


def needs_factor(item: Item) -> bool:
    """Whether every login of this item needs the user. Such items are not synced automatically."""
    return bool(item.connector["hasMFA"]) or bool(item.scenario.mfa) or item.connector["id"] == MEU_PLUGGY


async def ask(world: World, item: Item) -> None:
    """Do what this connector and user require after the password. Raises LoginFailed."""
    if item.connector["id"] == QR:
        await _scan(world, item)
    if item.connector["id"] in TWO_STEP or item.scenario.mfa:
        await _second_step(world, item)
    elif _one_step(item) and not _good_code(item, item.parameters.get("token", "")):
        raise LoginFailed("INVALID_CREDENTIALS_MFA")


def _one_step(item: Item) -> bool:
    return any(field.get("mfa") for field in item.connector["credentials"])


def _good_code(item: Item, code: str) -> bool:
    return code == MFA_CODE or (item.runs > 0 and code != WRONG_CODE)


async def _second_step(world: World, item: Item) -> None:
    item.parameter = _parameter(world, item)
    value = await _wait(world, item, "item/waiting_user_input")
    item.execution_status = "LOGIN_MFA_IN_PROGRESS"
    item.touch()
    await world.clock.pause(VERIFY)
    if value != MFA_CODE and not (item.scenario.mfa == "select" and value in ("sms", "email")):
        raise LoginFailed("INVALID_CREDENTIALS_MFA")


async def _wait(world: World, item: Item, event: str) -> str:
    item.status = item.execution_status = "WAITING_USER_INPUT"
    item.answer = asyncio.get_running_loop().create_future()
    item.factor = "waiting"
    item.touch()
    events.item_event(world, item, event)
    try:
        value = await asyncio.wait_for(item.answer, world.clock.scaled(world.options.mfa_ttl))
    except TimeoutError:
        item.factor = "expired"
        raise LoginFailed("USER_INPUT_TIMEOUT") from None
    finally:
        item.parameter = None
    item.status = "UPDATING"
    return value


def _parameter(world: World, item: Item) -> Doc:
    until = {"expiresAt": clock.iso(world.clock.after(world.options.mfa_ttl)), "mfa": True}
    kind = item.scenario.mfa
    if kind == "image":
        picture = "data:image/svg+xml;base64," + base64.b64encode(IMAGE).decode()
        return credential("captcha", "O que diz a imagem?", "image", data=picture, **until)
    if kind == "select":
        options = [{"value": "sms", "label": "SMS"}, {"value": "email", "label": "E-mail"}]
        return credential("channel", "Por onde receber o código?", "select", options=options, **until)
    more = {"instructions": "Enviamos um SMS para (11) 9****-4411."} if kind == "phone" else {}
    return credential("token", "Código recebido", "number", assistiveText="Seis números", **more, **until)


async def _scan(world: World, item: Item) -> None:
    item.user_action = {
        "instructions": "Abra o aplicativo do banco e leia o código.",
        "type": "qr",
        "attributes": {"data": f"{world.base_url}/_sandbox/items/{item.id}/act"},
        "expiresAt": clock.iso(world.clock.after(world.options.mfa_ttl)),
    }
    item.status = item.execution_status = "WAITING_USER_ACTION"
    item.touch()
    events.item_event(world, item, "item/waiting_user_action")
    item.answer = asyncio.get_running_loop().create_future()
    await asyncio.wait([item.answer], timeout=world.clock.scaled(QR_SECONDS))
    item.user_action, item.status = None, "UPDATING"


async def authorise(world: World, item: Item) -> None:
    """The bank's own page (OAuth): wait until the user approves or denies there. Only a new consent needs it."""
    if item.consent_valid:
        return
    kind = "text" if world.options.strict_enums else "oauth"
    until = clock.iso(world.clock.after(world.options.mfa_ttl))
    url = f"{world.base_url}/oauth/authorize?itemId={item.id}"
    item.parameter = credential("oauth_code", "Autorização no banco", kind, data=url, expiresAt=until)
    if await _wait(world, item, "item/waiting_user_input") == DENIED:
        raise LoginFailed("USER_AUTHORIZATION_NOT_GRANTED")


def decide(item: Item, approved: bool) -> None:
    """The user decided on the bank's page. 409 if the item does not wait for that."""
    if item.parameter is None or item.answer is None or item.answer.done():
        raise ApiError(409, "The item does not wait for an authorisation")
    item.factor = "provided"
    item.answer.set_result(APPROVED if approved else DENIED)


def act(item: Item) -> None:
    """The user did what `userAction` asks. 409 if it asks nothing."""
    if item.user_action is None or item.answer is None or item.answer.done():
        raise ApiError(409, "The item does not wait for an action")
    item.answer.set_result(APPROVED)


def answer(item: Item, body: Doc) -> None:
    """Take the user's value for the two-step factor, or raise the matching ITEM_MFA_* error."""
    if item.parameter is None or item.answer is None or item.answer.done():
        raise _refusal(NOT_WAITING.get(item.factor, "ITEM_MFA_NOT_FOUND"))
    value = body.get(item.parameter["name"])
    if value is None:
        raise _refusal("ITEM_MFA_PARAMETER_EXPECTED_MISMATCH", {"expected": item.parameter["name"]})
    item.factor = "provided"
    item.answer.set_result(str(value))


NOT_WAITING = {"provided": "ITEM_MFA_ALREADY_PROVIDED", "expired": "ITEM_MFA_EXPIRED"}
MFA_MESSAGES = {
    "ITEM_MFA_NOT_FOUND": "The item is not waiting for a second factor",
    "ITEM_MFA_ALREADY_PROVIDED": "The second factor was provided already",
    "ITEM_MFA_EXPIRED": "The second factor came too late",
    "ITEM_MFA_PARAMETER_EXPECTED_MISMATCH": "The parameter sent is not the one expected",
}


def _refusal(code: str, data: Doc | None = None) -> ApiError:
    return ApiError(400, MFA_MESSAGES[code], code, **({"data": data} if data else {}))
