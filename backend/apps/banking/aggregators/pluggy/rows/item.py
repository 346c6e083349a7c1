"""Map Pluggy's item to the columns of a Connection, except its state, which `classify` decides."""

from apps.banking.aggregators.contract import Row
from apps.banking.aggregators.pluggy.client.pages import Doc
from apps.banking.aggregators.pluggy.rows.base import ALWAYS, base, unmapped
from apps.banking.aggregators.pluggy.rows.values import instant, part, whole, word, words
from lib.storable import storable

_ITEM = frozenset(
    ALWAYS
    | {"status", "executionStatus", "statusDetail", "products", "consecutiveFailedLoginAttempts", "clientUserId"}
    | {"consentExpiresAt", "nextAutoSyncAt", "lastUpdatedAt", "connector"}
)


def item(doc: Doc) -> Row:
    """The columns of a Connection; `extra` has `error`, `parameter` and `userAction`. Raises RefusedRow."""
    extra = unmapped(doc, _ITEM)
    return {
        **base(doc, extra),
        "status": word(doc, "status", extra),
        "execution_status": word(doc, "executionStatus", extra),
        "status_detail": storable(part(doc, "statusDetail")) or None,
        "error_code": word(part(doc, "error"), "code", {}),
        "products": words(doc, "products"),
        "consecutive_failed_login_attempts": whole(doc, "consecutiveFailedLoginAttempts", extra),
        "consent_expires_at": instant(doc, "consentExpiresAt", extra),
        "next_auto_sync_at": instant(doc, "nextAutoSyncAt", extra),
        "last_updated_at": instant(doc, "lastUpdatedAt", extra),
    }
