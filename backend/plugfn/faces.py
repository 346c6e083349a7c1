"""What type checkers know of `plug.github.issues.create(…)` and its like.

Written by `plugfn types` from the built-in providers: change those, not this. At run time nothing of it is used.
"""

from collections.abc import Mapping
from typing import Any, Protocol, Unpack

from plugfn.database.query import Query
from plugfn.database.rows import Access, NoParams, Rows, Tables
from plugfn.mail.send import SendEmail, Sent
from plugfn.options import CallContext
from plugfn.providers.database_postgres.actions import Sql
from plugfn.providers.github.actions import IssueCreate, PullCreate, RepoGet
from plugfn.providers.github.hooks import HooksMissed, HooksRedeliver, Missed, Redelivered
from plugfn.providers.github.models import Issue, Pull, Repository
from plugfn.providers.http.actions import Delivered, Fetch, Fetched, WebhookSend
from plugfn.providers.slack.actions import ConversationCreate, MessagePost, UserInfo
from plugfn.providers.slack.models import Channel, Posted, User
from plugfn.providers.whatsapp_uazapi.actions import SetWebhook, WebhookSet
from plugfn.whatsapp.actions import (
    CheckNumbers,
    FindMessages,
    LineStatus,
    MessagesFound,
    Nothing,
    NumbersChecked,
    SendText,
    SentMessage,
)
from plugfn.whatsapp.media import SendMedia


class DatabasePostgresAccessFace(Protocol):
    async def check(self, *, params: NoParams | Mapping[str, Any] | None = None, **call: Unpack[CallContext]) -> Access:
        """Says what the connection's role could do beyond reading."""


class DatabasePostgresQueryFace(Protocol):
    async def run(self, *, params: Query | Mapping[str, Any], **call: Unpack[CallContext]) -> Rows:
        """Reads rows of one table: columns, filters, order, limit."""

    async def sql(self, *, params: Sql | Mapping[str, Any], **call: Unpack[CallContext]) -> Rows:
        """Runs one SELECT over allowed tables, where the connection allows it."""


class DatabasePostgresTablesFace(Protocol):
    async def list(self, *, params: NoParams | Mapping[str, Any] | None = None, **call: Unpack[CallContext]) -> Tables:
        """Lists the allowed tables that exist, with their columns."""


class DatabasePostgresFace(Protocol):
    access: DatabasePostgresAccessFace
    query: DatabasePostgresQueryFace
    tables: DatabasePostgresTablesFace


class DatabaseSupabaseAccessFace(Protocol):
    async def check(self, *, params: NoParams | Mapping[str, Any] | None = None, **call: Unpack[CallContext]) -> Access:
        """Says what the connection's key could do beyond reading."""


class DatabaseSupabaseQueryFace(Protocol):
    async def run(self, *, params: Query | Mapping[str, Any], **call: Unpack[CallContext]) -> Rows:
        """Reads rows of one table: columns, filters, order, limit."""


class DatabaseSupabaseTablesFace(Protocol):
    async def list(self, *, params: NoParams | Mapping[str, Any] | None = None, **call: Unpack[CallContext]) -> Tables:
        """Lists the allowed tables that exist, with their columns."""


class DatabaseSupabaseFace(Protocol):
    access: DatabaseSupabaseAccessFace
    query: DatabaseSupabaseQueryFace
    tables: DatabaseSupabaseTablesFace


class EmailSendgridMessagesFace(Protocol):
    async def send(self, *, params: SendEmail | Mapping[str, Any], **call: Unpack[CallContext]) -> Sent:
        """Sends an e-mail, with text, HTML and attachments, to up to 1000 recipients."""


class EmailSendgridFace(Protocol):
    messages: EmailSendgridMessagesFace


class EmailSmtpMessagesFace(Protocol):
    async def send(self, *, params: SendEmail | Mapping[str, Any], **call: Unpack[CallContext]) -> Sent:
        """Sends an e-mail, with text, HTML and attachments, to up to 100 recipients."""


class EmailSmtpFace(Protocol):
    messages: EmailSmtpMessagesFace


class GithubHooksFace(Protocol):
    async def missed(self, *, params: HooksMissed | Mapping[str, Any], **call: Unpack[CallContext]) -> Missed:
        """Lists events that no delivery brought."""

    async def redeliver(
        self, *, params: HooksRedeliver | Mapping[str, Any], **call: Unpack[CallContext]
    ) -> Redelivered:
        """Asks GitHub to deliver an event again."""


class GithubIssuesFace(Protocol):
    async def create(self, *, params: IssueCreate | Mapping[str, Any], **call: Unpack[CallContext]) -> Issue:
        """Opens an issue."""


class GithubPullsFace(Protocol):
    async def create(self, *, params: PullCreate | Mapping[str, Any], **call: Unpack[CallContext]) -> Pull:
        """Opens a pull request."""


class GithubReposFace(Protocol):
    async def get(self, *, params: RepoGet | Mapping[str, Any], **call: Unpack[CallContext]) -> Repository:
        """Reads a repository."""


class GithubFace(Protocol):
    hooks: GithubHooksFace
    issues: GithubIssuesFace
    pulls: GithubPullsFace
    repos: GithubReposFace


class HttpRequestsFace(Protocol):
    async def get(self, *, params: Fetch | Mapping[str, Any] | None = None, **call: Unpack[CallContext]) -> Fetched:
        """Read the connection's address."""


class HttpWebhooksFace(Protocol):
    async def send(self, *, params: WebhookSend | Mapping[str, Any], **call: Unpack[CallContext]) -> Delivered:
        """Deliver an event, signed by Standard Webhooks, to the connection's address."""


class HttpFace(Protocol):
    requests: HttpRequestsFace
    webhooks: HttpWebhooksFace


class SlackChatFace(Protocol):
    async def postMessage(self, *, params: MessagePost | Mapping[str, Any], **call: Unpack[CallContext]) -> Posted:
        """Posts a message."""


class SlackConversationsFace(Protocol):
    async def create(self, *, params: ConversationCreate | Mapping[str, Any], **call: Unpack[CallContext]) -> Channel:
        """Makes a channel."""


class SlackUsersFace(Protocol):
    async def info(self, *, params: UserInfo | Mapping[str, Any], **call: Unpack[CallContext]) -> User:
        """Reads a member's profile."""


class SlackFace(Protocol):
    chat: SlackChatFace
    conversations: SlackConversationsFace
    users: SlackUsersFace


class WhatsappUazapiConnectionFace(Protocol):
    async def status(
        self, *, params: Nothing | Mapping[str, Any] | None = None, **call: Unpack[CallContext]
    ) -> LineStatus:
        """Whether the account is linked and ready."""


class WhatsappUazapiMessagesFace(Protocol):
    async def find(self, *, params: FindMessages | Mapping[str, Any], **call: Unpack[CallContext]) -> MessagesFound:
        """Find out whether a message of yours went out."""

    async def send_media(self, *, params: SendMedia | Mapping[str, Any], **call: Unpack[CallContext]) -> SentMessage:
        """Send a picture, recording or file."""

    async def send_text(self, *, params: SendText | Mapping[str, Any], **call: Unpack[CallContext]) -> SentMessage:
        """Send a text message."""


class WhatsappUazapiNumbersFace(Protocol):
    async def check(self, *, params: CheckNumbers | Mapping[str, Any], **call: Unpack[CallContext]) -> NumbersChecked:
        """Which of these numbers are on WhatsApp."""


class WhatsappUazapiWebhooksFace(Protocol):
    async def set(self, *, params: SetWebhook | Mapping[str, Any], **call: Unpack[CallContext]) -> WebhookSet:
        """Tell uazapi where to send what happens."""


class WhatsappUazapiFace(Protocol):
    connection: WhatsappUazapiConnectionFace
    messages: WhatsappUazapiMessagesFace
    numbers: WhatsappUazapiNumbersFace
    webhooks: WhatsappUazapiWebhooksFace


class Faces:
    """The providers as attributes of PlugFn."""

    database_postgres: DatabasePostgresFace
    database_supabase: DatabaseSupabaseFace
    email_sendgrid: EmailSendgridFace
    email_smtp: EmailSmtpFace
    github: GithubFace
    http: HttpFace
    slack: SlackFace
    whatsapp_uazapi: WhatsappUazapiFace


class SyncDatabasePostgresAccessFace(Protocol):
    def check(self, *, params: NoParams | Mapping[str, Any] | None = None, **call: Unpack[CallContext]) -> Access:
        """Says what the connection's role could do beyond reading."""


class SyncDatabasePostgresQueryFace(Protocol):
    def run(self, *, params: Query | Mapping[str, Any], **call: Unpack[CallContext]) -> Rows:
        """Reads rows of one table: columns, filters, order, limit."""

    def sql(self, *, params: Sql | Mapping[str, Any], **call: Unpack[CallContext]) -> Rows:
        """Runs one SELECT over allowed tables, where the connection allows it."""


class SyncDatabasePostgresTablesFace(Protocol):
    def list(self, *, params: NoParams | Mapping[str, Any] | None = None, **call: Unpack[CallContext]) -> Tables:
        """Lists the allowed tables that exist, with their columns."""


class SyncDatabasePostgresFace(Protocol):
    access: SyncDatabasePostgresAccessFace
    query: SyncDatabasePostgresQueryFace
    tables: SyncDatabasePostgresTablesFace


class SyncDatabaseSupabaseAccessFace(Protocol):
    def check(self, *, params: NoParams | Mapping[str, Any] | None = None, **call: Unpack[CallContext]) -> Access:
        """Says what the connection's key could do beyond reading."""


class SyncDatabaseSupabaseQueryFace(Protocol):
    def run(self, *, params: Query | Mapping[str, Any], **call: Unpack[CallContext]) -> Rows:
        """Reads rows of one table: columns, filters, order, limit."""


class SyncDatabaseSupabaseTablesFace(Protocol):
    def list(self, *, params: NoParams | Mapping[str, Any] | None = None, **call: Unpack[CallContext]) -> Tables:
        """Lists the allowed tables that exist, with their columns."""


class SyncDatabaseSupabaseFace(Protocol):
    access: SyncDatabaseSupabaseAccessFace
    query: SyncDatabaseSupabaseQueryFace
    tables: SyncDatabaseSupabaseTablesFace


class SyncEmailSendgridMessagesFace(Protocol):
    def send(self, *, params: SendEmail | Mapping[str, Any], **call: Unpack[CallContext]) -> Sent:
        """Sends an e-mail, with text, HTML and attachments, to up to 1000 recipients."""


class SyncEmailSendgridFace(Protocol):
    messages: SyncEmailSendgridMessagesFace


class SyncEmailSmtpMessagesFace(Protocol):
    def send(self, *, params: SendEmail | Mapping[str, Any], **call: Unpack[CallContext]) -> Sent:
        """Sends an e-mail, with text, HTML and attachments, to up to 100 recipients."""


class SyncEmailSmtpFace(Protocol):
    messages: SyncEmailSmtpMessagesFace


class SyncGithubHooksFace(Protocol):
    def missed(self, *, params: HooksMissed | Mapping[str, Any], **call: Unpack[CallContext]) -> Missed:
        """Lists events that no delivery brought."""

    def redeliver(self, *, params: HooksRedeliver | Mapping[str, Any], **call: Unpack[CallContext]) -> Redelivered:
        """Asks GitHub to deliver an event again."""


class SyncGithubIssuesFace(Protocol):
    def create(self, *, params: IssueCreate | Mapping[str, Any], **call: Unpack[CallContext]) -> Issue:
        """Opens an issue."""


class SyncGithubPullsFace(Protocol):
    def create(self, *, params: PullCreate | Mapping[str, Any], **call: Unpack[CallContext]) -> Pull:
        """Opens a pull request."""


class SyncGithubReposFace(Protocol):
    def get(self, *, params: RepoGet | Mapping[str, Any], **call: Unpack[CallContext]) -> Repository:
        """Reads a repository."""


class SyncGithubFace(Protocol):
    hooks: SyncGithubHooksFace
    issues: SyncGithubIssuesFace
    pulls: SyncGithubPullsFace
    repos: SyncGithubReposFace


class SyncHttpRequestsFace(Protocol):
    def get(self, *, params: Fetch | Mapping[str, Any] | None = None, **call: Unpack[CallContext]) -> Fetched:
        """Read the connection's address."""


class SyncHttpWebhooksFace(Protocol):
    def send(self, *, params: WebhookSend | Mapping[str, Any], **call: Unpack[CallContext]) -> Delivered:
        """Deliver an event, signed by Standard Webhooks, to the connection's address."""


class SyncHttpFace(Protocol):
    requests: SyncHttpRequestsFace
    webhooks: SyncHttpWebhooksFace


class SyncSlackChatFace(Protocol):
    def postMessage(self, *, params: MessagePost | Mapping[str, Any], **call: Unpack[CallContext]) -> Posted:
        """Posts a message."""


class SyncSlackConversationsFace(Protocol):
    def create(self, *, params: ConversationCreate | Mapping[str, Any], **call: Unpack[CallContext]) -> Channel:
        """Makes a channel."""


class SyncSlackUsersFace(Protocol):
    def info(self, *, params: UserInfo | Mapping[str, Any], **call: Unpack[CallContext]) -> User:
        """Reads a member's profile."""


class SyncSlackFace(Protocol):
    chat: SyncSlackChatFace
    conversations: SyncSlackConversationsFace
    users: SyncSlackUsersFace


class SyncWhatsappUazapiConnectionFace(Protocol):
    def status(self, *, params: Nothing | Mapping[str, Any] | None = None, **call: Unpack[CallContext]) -> LineStatus:
        """Whether the account is linked and ready."""


class SyncWhatsappUazapiMessagesFace(Protocol):
    def find(self, *, params: FindMessages | Mapping[str, Any], **call: Unpack[CallContext]) -> MessagesFound:
        """Find out whether a message of yours went out."""

    def send_media(self, *, params: SendMedia | Mapping[str, Any], **call: Unpack[CallContext]) -> SentMessage:
        """Send a picture, recording or file."""

    def send_text(self, *, params: SendText | Mapping[str, Any], **call: Unpack[CallContext]) -> SentMessage:
        """Send a text message."""


class SyncWhatsappUazapiNumbersFace(Protocol):
    def check(self, *, params: CheckNumbers | Mapping[str, Any], **call: Unpack[CallContext]) -> NumbersChecked:
        """Which of these numbers are on WhatsApp."""


class SyncWhatsappUazapiWebhooksFace(Protocol):
    def set(self, *, params: SetWebhook | Mapping[str, Any], **call: Unpack[CallContext]) -> WebhookSet:
        """Tell uazapi where to send what happens."""


class SyncWhatsappUazapiFace(Protocol):
    connection: SyncWhatsappUazapiConnectionFace
    messages: SyncWhatsappUazapiMessagesFace
    numbers: SyncWhatsappUazapiNumbersFace
    webhooks: SyncWhatsappUazapiWebhooksFace


class SyncFaces:
    """The providers as attributes of SyncPlugFn."""

    database_postgres: SyncDatabasePostgresFace
    database_supabase: SyncDatabaseSupabaseFace
    email_sendgrid: SyncEmailSendgridFace
    email_smtp: SyncEmailSmtpFace
    github: SyncGithubFace
    http: SyncHttpFace
    slack: SyncSlackFace
    whatsapp_uazapi: SyncWhatsappUazapiFace
