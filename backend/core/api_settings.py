"""The settings of Django REST framework, of JSON web tokens and of the schema, which are long and rarely change."""

import hashlib
import hmac
from datetime import timedelta
from typing import Any

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.api.authentication.BearerAuthentication",
        "apps.api.authentication.PageAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.api.permissions.MayCall"],
    "DEFAULT_THROTTLE_CLASSES": ["apps.api.throttles.CallBudget"],
    "DEFAULT_PARSER_CLASSES": ["apps.api.parsers.StrictJSON"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "apps.api.negotiation.OnlyJSON",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "apps.api.errors.answer_error",
    "DEFAULT_METADATA_CLASS": None,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}

SPECTACULAR: dict[str, Any] = {
    "TITLE": "Ponte",
    "DESCRIPTION": (
        "Connections, accounts and transactions of a client, as the bank last said them. Every answer has `success`; "
        "every error has `error`, `error_code`, `details` and `timestamp`. Amounts are text, days are ISO 8601 in "
        "Brazil, moments have a zone. An unknown field or filter is an error."
    ),
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "apps.api.schema.add_errors"],
    "TAGS": [
        {"name": "Access", "description": "Who calls: tokens, logins, clients."},
        {"name": "Connections", "description": "Banks: connect, watch, repair, disconnect."},
        {"name": "Data", "description": "What the banks said."},
        {"name": "Conversations", "description": "Contacts, and what was written with them."},
        {"name": "Integrations", "description": "WhatsApp, e-mail, databases and other services: connect, test, send."},
        {"name": "Staff", "description": "For those who run this server."},
    ],
}


def jwt_settings(secret_key: str) -> dict[str, Any]:
    """The settings of JSON web tokens. Their key is made from SECRET_KEY, and signs nothing else."""
    return {
        "ACCESS_TOKEN_LIFETIME": timedelta(minutes=30),
        "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
        "ROTATE_REFRESH_TOKENS": True,
        "BLACKLIST_AFTER_ROTATION": True,
        "ALGORITHM": "HS256",
        "SIGNING_KEY": hmac.new(secret_key.encode(), b"ponte.api.jwt", hashlib.sha256).hexdigest(),
    }
