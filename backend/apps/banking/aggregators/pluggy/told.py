"""Read what a stored Item says to its person: `parameter`, `userAction`, and the bank's own message in `error`.

https://docs.pluggy.ai/docs/errors-validations and https://docs.pluggy.ai/docs/item-lifecycle describe them.
"""

import re
from collections.abc import Mapping

from apps.banking.aggregators.contract import Ask, Row, Told, UserRequest
from apps.banking.aggregators.pluggy.classify import classify_item
from apps.banking.aggregators.pluggy.links import safe_link
from apps.banking.aggregators.pluggy.rows.values import parse
from apps.banking.aggregators.verdict import Health, Verdict

KINDS = {
    "text": Ask.TEXT,
    "number": Ask.NUMBER,
    "password": Ask.PASSWORD,
    "select": Ask.SELECT,
    "image": Ask.IMAGE,
}
# Pluggy documents no names inside `userAction.attributes`.
CODE_NAMES = ("data", "qrCode", "qr", "code", "image", "url")
_IMAGE = re.compile(r"data:image/(?:png|jpe?g|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=\s]+", re.ASCII)
_BASE64 = re.compile(r"[A-Za-z0-9+/]{64,}={0,2}", re.ASCII)


def told(row: Row) -> Told:
    """What the columns `status`, `execution_status` and `extra` say. Parts of another form are left out."""
    extra = _part(row, "extra")
    error = _part(extra, "error")
    request = _asked(_part(extra, "parameter")) or _to_do(_part(extra, "userAction"))
    return Told(_verdict(row, extra), request, _text(error, "providerMessage"))


def _verdict(row: Row, extra: Mapping[str, object]) -> Verdict:
    """The verdict of the stored words. A connection that no worker has visited yet has none: its first run goes on."""
    if not row.get("status"):
        return Verdict(Health.IN_PROGRESS)
    parts = {name: extra.get(name) for name in ("error", "parameter")}
    return classify_item({"status": row["status"], "executionStatus": row.get("execution_status"), **parts})


def _asked(parameter: Mapping[str, object]) -> UserRequest | None:
    """A second factor, or the address of the bank's own page."""
    name, data = _text(parameter, "name"), _text(parameter, "data")
    if not name:
        return None
    kind = Ask.LINK if safe_link(data) else KINDS.get(_text(parameter, "type"), Ask.TEXT)
    return UserRequest(
        kind,
        name,
        _text(parameter, "label"),
        _text(parameter, "instructions") or _text(parameter, "assistiveText"),
        options=_options(parameter.get("options")),
        image=_image(data) if kind is Ask.IMAGE else "",
        link=safe_link(data),
        expires_at=parse(_text(parameter, "expiresAt")),
    )


def _to_do(action: Mapping[str, object]) -> UserRequest | None:
    """Something that the person does at the bank."""
    attributes = _part(action, "attributes")
    content = next((text for name in CODE_NAMES if (text := _text(attributes, name))), "")
    if not action:
        return None
    is_code = _text(action, "type") == "qr"
    image = _image(content)
    return UserRequest(
        Ask.QR if is_code else Ask.ACT,
        instructions=_text(action, "instructions"),
        image=image if is_code else "",
        code=content if is_code and not image else "",
        link=safe_link(content) if not is_code else "",
        expires_at=parse(_text(action, "expiresAt")),
    )


def _image(data: str) -> str:
    """A `data:` URL of an image; Pluggy also sends its bare base64."""
    if _IMAGE.fullmatch(data):
        return data
    return f"data:image/png;base64,{data}" if _BASE64.fullmatch(data) else ""


def _options(options: object) -> tuple[tuple[str, str], ...]:
    rows = [row for row in options if isinstance(row, Mapping)] if isinstance(options, list) else []
    return tuple((value, _text(row, "label") or value) for row in rows if (value := _text(row, "value")))


def _part(doc: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = doc.get(name)
    return value if isinstance(value, Mapping) else {}


def _text(doc: Mapping[str, object], name: str) -> str:
    value = doc.get(name)
    return value if isinstance(value, str) else ""
