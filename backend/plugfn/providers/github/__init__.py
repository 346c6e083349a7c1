"""GitHub: actions on issues, pull requests and repositories, and events by signed webhooks. See README.md."""

from plugfn.providers.github import actions, hooks
from plugfn.providers.github.definition import provider

__all__ = ["actions", "hooks", "provider"]
