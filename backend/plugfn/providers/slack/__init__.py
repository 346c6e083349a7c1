"""Slack: messages, channels and people; what is said, by signed events. See README.md."""

from plugfn.providers.slack import actions
from plugfn.providers.slack.definition import provider
from plugfn.providers.slack.text import escape

__all__ = ["actions", "escape", "provider"]
