"""PlugFn's settings from the environment: OAuth applications, webhook secrets, defaults of forms."""

from typing import Any

from environs import Env


def providers(env: Env) -> dict[str, dict[str, Any]]:
    """The operator's settings by provider. A provider that needs an OAuth application is offered only if it has one."""
    return {
        "github": _github(env),
        "slack": _slack(env),
        "email_sendgrid": _filled(api_url=env.str("SENDGRID_API_URL", "")),
        "email_smtp": {"allow_plaintext": env.bool("SMTP_ALLOW_PLAINTEXT", False)},
        "http": {"webhook_secrets": env.list("HTTP_WEBHOOK_SECRET", [])},
    }


def defaults(env: Env) -> dict[str, dict[str, Any]]:
    """What a form of credentials already has in it, by provider, and what the API assumes."""
    return {
        "whatsapp_uazapi": _filled(base_url=env.str("UAZAPI_API_URL", "")),
        "email_smtp": _filled(
            host=env.str("SMTP_HOST", ""),
            port=env.int("SMTP_PORT", 587),
            security="starttls" if env.bool("SMTP_USE_TLS", True) else "none",
        ),
        "email_sendgrid": _filled(api_key=env.str("SENDGRID_API_KEY", "")),
    }


def _github(env: Env) -> dict[str, Any]:
    url = env.str("GITHUB_URL", "").rstrip("/")
    own = {"authorize_url": f"{url}/login/oauth/authorize", "token_url": f"{url}/login/oauth/access_token"}
    return {
        "client_id": env.str("GITHUB_CLIENT_ID", ""),
        "client_secret": env.str("GITHUB_CLIENT_SECRET", ""),
        "webhook_secrets": env.list("GITHUB_WEBHOOK_SECRET", []),
        **(own if url else {}),
        **_filled(api_url=env.str("GITHUB_API_URL", "").rstrip("/")),
    }


def _slack(env: Env) -> dict[str, Any]:
    url = env.str("SLACK_URL", "").rstrip("/")
    own = {"authorize_url": f"{url}/oauth/v2/authorize", "token_url": f"{url}/api/oauth.v2.access"}
    return {
        "client_id": env.str("SLACK_CLIENT_ID", ""),
        "client_secret": env.str("SLACK_CLIENT_SECRET", ""),
        "webhook_secrets": env.list("SLACK_SIGNING_SECRET", []),
        **(own | {"api_url": f"{url}/api"} if url else {}),
    }


def _filled(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value != ""}
