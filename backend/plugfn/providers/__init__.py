"""The built-in providers. To add one, add its line to BUILT_IN."""

from typing import TYPE_CHECKING, Any

from plugfn.errors import UnknownName
from plugfn.extras import part

if TYPE_CHECKING:
    from plugfn.definition import Provider

# Provider → the extra that installs its libraries ("" if it needs none).
BUILT_IN = {
    "database_postgres": "postgres",
    "database_supabase": "",
    "email_sendgrid": "",
    "email_smtp": "email",
    "github": "",
    "http": "",
    "slack": "",
    "whatsapp_uazapi": "whatsapp",
}


def load(name: str) -> "Provider":
    """A built-in provider. Raises UnknownName, and ConfigurationError when its libraries are not installed."""
    if name not in BUILT_IN:
        raise UnknownName.among("built-in provider", name, BUILT_IN)
    provider: Provider = part(f"plugfn.providers.{name}:provider", BUILT_IN[name])
    return provider


def __getattr__(name: str) -> Any:
    """`from plugfn.providers import github_provider`"""
    provider = name.removesuffix("_provider")
    if name.endswith("_provider") and provider in BUILT_IN:
        return load(provider)
    raise AttributeError(f"module 'plugfn.providers' has no attribute {name!r}")
