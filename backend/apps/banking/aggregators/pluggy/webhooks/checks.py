"""System checks of the settings that authenticate webhooks. Their messages name settings, never values."""

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from apps.banking.aggregators.pluggy.webhooks.authenticity import Proofs
from lib.secret_list import SHORTEST


def check_webhook_secret(**_: object) -> list[CheckMessage]:
    """Check that a webhook secret is set and long enough."""
    if not Proofs.from_settings().is_configured:
        hint = (
            "Set PLUGGY_WEBHOOK_SECRET to a long random text, then run `register_webhooks`, which sends it to Pluggy."
        )
        # Without a public address no webhook arrives, and Ponte polls.
        kind = Warning if settings.DEBUG or not settings.PUBLIC_URL else Error
        return [kind("PLUGGY_WEBHOOK_SECRET is not set: Ponte answers webhooks 503.", hint=hint, id="banking.E002")]
    # Outside DEBUG the settings do not even load.
    if any(len(secret) < SHORTEST for secret in [*settings.PLUGGY_WEBHOOK_SECRETS, *settings.PLUGGY_HMAC_SECRETS]):
        hint = f"Use {SHORTEST} characters or more, then run `register_webhooks`, which sends the secret to Pluggy."
        message = "PLUGGY_WEBHOOK_SECRET or PLUGGY_HMAC_SECRET contains a secret that is too short to be safe."
        return [Warning(message, hint=hint, id="banking.W001")]
    return []


def check_signature(**_: object) -> list[CheckMessage]:
    """Check that PLUGGY_HMAC_ENCODING is hex or base64."""
    if settings.PLUGGY_HMAC_ENCODING in ("hex", "base64"):
        return []
    return [Error("PLUGGY_HMAC_ENCODING must be hex or base64.", id="banking.E003")]
