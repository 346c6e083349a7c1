"""Map Pluggy's connectors and categories to plain rows."""

from apps.banking.aggregators.contract import Row
from apps.banking.aggregators.pluggy.client.pages import Doc
from apps.banking.aggregators.pluggy.rows.base import ALWAYS, ID_LENGTH, base, unmapped
from apps.banking.aggregators.pluggy.rows.values import flag, line, part, text, word, words
from lib.storable import storable

_CATEGORY = frozenset(ALWAYS | {"description", "descriptionTranslated", "parentId", "parentDescription"})


def category(doc: Doc) -> Row:
    """A Category. Raises RefusedRow."""
    extra = unmapped(doc, _CATEGORY)
    return {
        **base(doc, extra),
        "description": line(doc, "description", extra),
        "description_translated": line(doc, "descriptionTranslated", extra),
        "parent_id": text(doc, "parentId", extra, ID_LENGTH),
        "parent_description": line(doc, "parentDescription", extra),
    }


_CONNECTOR = frozenset(
    ALWAYS
    | {"name", "institutionUrl", "imageUrl", "primaryColor", "type", "country", "hasMFA", "oauth", "isOpenFinance"}
    | {"isSandbox", "resetPasswordUrl", "products", "credentials", "health"}
)


def connector(doc: Doc) -> Row:
    """A Connector and its health. Raises RefusedRow."""
    extra = unmapped(doc, _CONNECTOR)
    health = part(doc, "health")
    unused: Doc = {}
    return {
        **base(doc, extra),
        "name": line(doc, "name", extra),
        "institution_url": line(doc, "institutionUrl", extra),
        "image_url": line(doc, "imageUrl", extra),
        "primary_color": word(doc, "primaryColor", extra),
        "type": word(doc, "type", extra),
        "country": word(doc, "country", extra),
        "has_mfa": flag(doc, "hasMFA", extra),
        "oauth": flag(doc, "oauth", extra),
        "is_open_finance": flag(doc, "isOpenFinance", extra),
        "is_sandbox": flag(doc, "isSandbox", extra),
        "reset_password_url": line(doc, "resetPasswordUrl", extra),
        "products": words(doc, "products"),
        "credentials": storable(doc.get("credentials") or []),
        "health_status": word(health, "status", unused),
        "health_stage": word(health, "stage", unused),
        "incidents": storable(health.get("incidents") or []),
    }
