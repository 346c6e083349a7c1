"""The actions on messages, channels and users."""

from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints, model_validator

from plugfn.definition import Call, Model, OAuthTokens, RateLimit
from plugfn.net.answer import read_as
from plugfn.providers.slack.definition import provider
from plugfn.providers.slack.models import Channel, Posted, User
from plugfn.providers.slack.text import LONGEST, escape

JSON = {"Content-Type": "application/json; charset=utf-8"}

ChannelRef = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^#?[^\s,#]+$")]
UserId = Annotated[str, StringConstraints(pattern=r"^[UW][A-Z0-9]{2,30}$")]
Stamp = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,12}\.[0-9]{6}$")]
ChannelName = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^#?[\p{Ll}\p{Lo}\p{N}_-]+$")]


class MessagePost(Model):
    """The message to post. `channel`: its id (preferred) or name. `plain`: show the text as it is, without markup.

    `blocks` are Slack's own layout; with blocks, notifications show `text`."""

    channel: ChannelRef
    text: str = Field(default="", json_schema_extra={"escape": "slack", "escape_unless": "plain"})
    plain: bool = False
    blocks: Annotated[list[dict[str, JsonValue]], Field(max_length=50)] | None = Field(
        default=None, json_schema_extra={"escape": "slack"}
    )
    thread_ts: Stamp | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "MessagePost":
        if not self.text.strip() and not self.blocks:
            raise ValueError("needs a text or blocks")
        if len(self.sent_text) > LONGEST:
            raise ValueError(f"the text is longer than {LONGEST} characters, which Slack would cut off")
        return self

    @property
    def sent_text(self) -> str:
        """The text that is sent: escaped if `plain`."""
        return escape(self.text) if self.plain else self.text


class ConversationCreate(Model):
    """The channel to create. `name`: lower case, without spaces. A private channel needs the scope groups:write."""

    name: ChannelName
    is_private: bool = False


class UserInfo(Model):
    """Whose profile to read."""

    user: UserId


@provider.action(
    "chat.postMessage", summary="Posts a message.", scopes=("chat:write",), limits=(RateLimit(10, 10, by="channel"),)
)
async def post_message(call: Call[OAuthTokens], params: MessagePost) -> Posted:
    """https://docs.slack.dev/reference/methods/chat.postMessage"""
    document = params.model_dump(include={"channel", "blocks", "thread_ts"}, exclude_none=True)
    document["text"] = params.sent_text
    return (await call.http.post("/chat.postMessage", json=document, headers=JSON)).read(Posted)


@provider.action(
    "conversations.create",
    summary="Creates a channel.",
    scopes=("channels:manage",),
    limits=(RateLimit(20, 60),),
)
async def create_conversation(call: Call[OAuthTokens], params: ConversationCreate) -> Channel:
    """https://docs.slack.dev/reference/methods/conversations.create"""
    document = {"name": params.name.removeprefix("#"), "is_private": params.is_private}
    answer = await call.http.post("/conversations.create", json=document, headers=JSON)
    return read_as(Channel, answer.document().get("channel"))


@provider.action("users.info", summary="Reads a member's profile.", safe=True, scopes=("users:read",))
async def user_info(call: Call[OAuthTokens], params: UserInfo) -> User:
    """https://docs.slack.dev/reference/methods/users.info (this method does not accept JSON)"""
    answer = await call.http.post("/users.info", form={"user": params.user})
    return read_as(User, answer.document().get("user"))
