"""GitHub: issues, pull requests and repositories; what happens in them, by signed webhooks. See README.md."""

from plugfn.providers.github import actions, hooks
from plugfn.providers.github.definition import provider

__all__ = ["actions", "hooks", "provider"]
