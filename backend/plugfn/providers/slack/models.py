"""Slack's results and event payloads, with the fields that PlugFn reads; others are ignored."""

from typing import Any

from pydantic import Field

from plugfn.definition import Result


class Message(Result):
    """A message. `ts` is its id within its channel."""

    ts: str
    text: str = ""
    user: str | None = None
    bot_id: str | None = None
    thread_ts: str | None = None


class Posted(Result):
    """A message that was posted."""

    channel: str
    ts: str
    message: Message


class Channel(Result):
    """A channel."""

    id: str
    name: str = ""
    is_private: bool = False
    is_archived: bool = False
    is_member: bool = False
    creator: str | None = None


class Profile(Result):
    """How a user appears. `email` is only set with the scope users:read.email."""

    real_name: str = ""
    display_name: str = ""
    email: str | None = None
    title: str = ""


class User(Result):
    """A member of a workspace, or an app."""

    id: str
    name: str = ""
    team_id: str = ""
    real_name: str = ""
    deleted: bool = False
    is_bot: bool = False
    is_admin: bool = False
    tz: str | None = None
    profile: Profile = Field(default_factory=Profile)


class Said(Result):
    """The message in an event."""

    type: str
    channel: str
    ts: str
    text: str = ""
    user: str | None = None
    bot_id: str | None = None
    """Only set if another app wrote the message."""
    thread_ts: str | None = None
    channel_type: str = ""


class MessageWritten(Result):
    """Somebody, or another app, wrote in a channel that this app is in. This app's own messages cause no event."""

    team_id: str
    api_app_id: str
    event_id: str
    event_time: int
    event: Said


class AppMentioned(Result):
    """Somebody mentioned this app. If the app subscribes to `message`, the same message causes that event as well."""

    team_id: str
    api_app_id: str
    event_id: str
    event_time: int
    event: Said


class Actor(Result):
    """Who acted."""

    id: str
    username: str = ""


class BlockActions(Result):
    """Somebody pressed a button or chose something in a message of this app."""

    type: str
    user: Actor
    actions: list[dict[str, Any]] = Field(default_factory=list)
    channel: Channel | None = None
    api_app_id: str = ""
