"""Slack: actions on messages, channels and users, and events by signed webhooks. See README.md."""

from plugfn.providers.slack import actions
from plugfn.providers.slack.definition import provider
from plugfn.providers.slack.text import escape

__all__ = ["actions", "escape", "provider"]
