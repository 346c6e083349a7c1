"""The settings without which no process starts."""

from django.core.exceptions import ImproperlyConfigured
from environs import Env

# In production. Of the names in a row one is enough.
REQUIRED = (
    ("SECRET_KEY",),
    ("DATABASE_URL",),
    ("ENCRYPTION_KEYS", "ENCRYPTION_KEY"),
    ("INDEX_KEY",),
    ("PLUGGY_CLIENT_ID",),
    ("PLUGGY_CLIENT_SECRET",),
    ("PLUGGY_WEBHOOK_SECRET", "PLUGGY_HMAC_SECRET"),
)
# Django itself cannot start without these. The system checks report the others.
INDISPENSABLE = {"SECRET_KEY", "DATABASE_URL"}


def require(env: Env) -> None:
    """Raise ImproperlyConfigured if an indispensable one is missing. The message names all that are missing."""
    missing = [names[0] for names in REQUIRED if not any(env.str(name, "") for name in names)]
    if INDISPENSABLE & set(missing):
        raise ImproperlyConfigured(
            f"these settings are missing: {', '.join(missing)}. docs/configuration.md says what they are; "
            "scripts/demo, scripts/dev and scripts/manage need none."
        )
