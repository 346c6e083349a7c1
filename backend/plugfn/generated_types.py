"""Types for type checkers: `plug.github.issues.create(…)` and all other built-in actions.

Written by `plugfn types` from the built-in providers: change those, not this file. Nothing of it is used at run time.
"""

from collections.abc import Mapping
from typing import Any, Protocol, Unpack

from plugfn.calls.options import CallContext
from plugfn.database.query import Query
from plugfn.database.rows import Access, NoParams, Rows, Tables
from plugfn.mail.send import SendEmail, Sent
from plugfn.providers.database_postgres.actions import Sql
from plugfn.providers.github.actions import IssueCreate, PullCreate, RepoGet
from plugfn.providers.github.hooks import HooksMissed, HooksRedeliver, Missed, Redelivered
from plugfn.providers.github.models import Issue, Pull, Repository
from plugfn.providers.http.actions import Delivered, Fetch, Fetched, WebhookSend
from plugfn.providers.slack.actions import ConversationCreate, MessagePost, UserInfo
from plugfn.providers.slack.models import Channel, Posted, User
from plugfn.providers.whatsapp_uazapi.actions import SetWebhook, WebhookSet
from plugfn.providers.whatsapp_uazapi.vocabulary.actions import (
    CheckNumbers,
    FindMessages,
    LineStatus,
    MessagesFound,
    Nothing,
    NumbersChecked,
    SendText,
    SentMessage,
)
from plugfn.providers.whatsapp_uazapi.vocabulary.media import SendMedia


class DatabasePostgresAccessAttributes(Protocol):
    async def check(self, *, params: NoParams | Mapping[str, Any] | None = None, **call: Unpack[CallContext]) -> Access:
        """Says what the connection's role may do besides reading."""


class DatabasePostgresQueryAttributes(Protocol):
    async def run(self, *, params: Query | Mapping[str, Any], **call: Unpack[CallContext]) -> Rows:
        """Reads rows of one table: columns, filters, order, limit."""

    async def sql(self, *, params: Sql | Mapping[str, Any], **call: Unpack[CallContext]) -> Rows:
        """Runs one SELECT over allowed tables, if the connection allows free SQL."""


class DatabasePostgresTablesAttributes(Protocol):
    async def list(self, *, params: NoParams | Mapping[str, Any] | None = None, **call: Unpack[CallContext]) -> Tables:
        """Lists the allowed tables that exist, with their columns."""


class DatabasePostgresAttributes(Protocol):
    access: DatabasePostgresAccessAttributes
    query: DatabasePostgresQueryAttributes
    tables: DatabasePostgresTablesAttributes


class DatabaseSupabaseAccessAttributes(Protocol):
    async def check(self, *, params: NoParams | Mapping[str, Any] | None = None, **call: Unpack[CallContext]) -> Access:
        """Says what the connection's key may do besides reading."""


class DatabaseSupabaseQueryAttributes(Protocol):
    async def run(self, *, params: Query | Mapping[str, Any], **call: Unpack[CallContext]) -> Rows:
        """Reads rows of one table: columns, filters, order, limit."""


class DatabaseSupabaseTablesAttributes(Protocol):
    async def list(self, *, params: NoParams | Mapping[str, Any] | None = None, **call: Unpack[CallContext]) -> Tables:
        """Lists the allowed tables that exist, with their columns."""


class DatabaseSupabaseAttributes(Protocol):
    access: DatabaseSupabaseAccessAttributes
    query: DatabaseSupabaseQueryAttributes
    tables: DatabaseSupabaseTablesAttributes


class EmailSendgridMessagesAttributes(Protocol):
    async def send(self, *, params: SendEmail | Mapping[str, Any], **call: Unpack[CallContext]) -> Sent:
        """Sends an e-mail, with text, HTML and attachments, to up to 1000 recipients."""


class EmailSendgridAttributes(Protocol):
    messages: EmailSendgridMessagesAttributes


class EmailSmtpMessagesAttributes(Protocol):
    async def send(self, *, params: SendEmail | Mapping[str, Any], **call: Unpack[CallContext]) -> Sent:
        """Sends an e-mail, with text, HTML and attachments, to up to 100 recipients."""


class EmailSmtpAttributes(Protocol):
    messages: EmailSmtpMessagesAttributes


class GithubHooksAttributes(Protocol):
    async def missed(self, *, params: HooksMissed | Mapping[str, Any], **call: Unpack[CallContext]) -> Missed:
        """Lists events that GitHub failed to deliver."""

    async def redeliver(
        self, *, params: HooksRedeliver | Mapping[str, Any], **call: Unpack[CallContext]
    ) -> Redelivered:
        """Asks GitHub to deliver an event again."""


class GithubIssuesAttributes(Protocol):
    async def create(self, *, params: IssueCreate | Mapping[str, Any], **call: Unpack[CallContext]) -> Issue:
        """Opens an issue."""


class GithubPullsAttributes(Protocol):
    async def create(self, *, params: PullCreate | Mapping[str, Any], **call: Unpack[CallContext]) -> Pull:
        """Opens a pull request."""


class GithubReposAttributes(Protocol):
    async def get(self, *, params: RepoGet | Mapping[str, Any], **call: Unpack[CallContext]) -> Repository:
        """Reads a repository."""


class GithubAttributes(Protocol):
    hooks: GithubHooksAttributes
    issues: GithubIssuesAttributes
    pulls: GithubPullsAttributes
    repos: GithubReposAttributes


class HttpRequestsAttributes(Protocol):
    async def get(self, *, params: Fetch | Mapping[str, Any] | None = None, **call: Unpack[CallContext]) -> Fetched:
        """Reads the connection's URL."""


class HttpWebhooksAttributes(Protocol):
    async def send(self, *, params: WebhookSend | Mapping[str, Any], **call: Unpack[CallContext]) -> Delivered:
        """Delivers an event to the connection's URL, signed as in Standard Webhooks."""


class HttpAttributes(Protocol):
    requests: HttpRequestsAttributes
    webhooks: HttpWebhooksAttributes


class SlackChatAttributes(Protocol):
    async def postMessage(self, *, params: MessagePost | Mapping[str, Any], **call: Unpack[CallContext]) -> Posted:
        """Posts a message."""


class SlackConversationsAttributes(Protocol):
    async def create(self, *, params: ConversationCreate | Mapping[str, Any], **call: Unpack[CallContext]) -> Channel:
        """Creates a channel."""


class SlackUsersAttributes(Protocol):
    async def info(self, *, params: UserInfo | Mapping[str, Any], **call: Unpack[CallContext]) -> User:
        """Reads a member's profile."""


class SlackAttributes(Protocol):
    chat: SlackChatAttributes
    conversations: SlackConversationsAttributes
    users: SlackUsersAttributes


class WhatsappUazapiConnectionAttributes(Protocol):
    async def status(
        self, *, params: Nothing | Mapping[str, Any] | None = None, **call: Unpack[CallContext]
    ) -> LineStatus:
        """Checks whether the account is linked to WhatsApp and ready."""


class WhatsappUazapiMessagesAttributes(Protocol):
    async def find(self, *, params: FindMessages | Mapping[str, Any], **call: Unpack[CallContext]) -> MessagesFound:
        """Finds out whether a message was sent."""

    async def send_media(self, *, params: SendMedia | Mapping[str, Any], **call: Unpack[CallContext]) -> SentMessage:
        """Sends a picture, a recording or a file."""

    async def send_text(self, *, params: SendText | Mapping[str, Any], **call: Unpack[CallContext]) -> SentMessage:
        """Sends a text message."""


class WhatsappUazapiNumbersAttributes(Protocol):
    async def check(self, *, params: CheckNumbers | Mapping[str, Any], **call: Unpack[CallContext]) -> NumbersChecked:
        """Checks which phone numbers are on WhatsApp."""


class WhatsappUazapiWebhooksAttributes(Protocol):
    async def set(self, *, params: SetWebhook | Mapping[str, Any], **call: Unpack[CallContext]) -> WebhookSet:
        """Tells uazapi where to send events."""


class WhatsappUazapiAttributes(Protocol):
    connection: WhatsappUazapiConnectionAttributes
    messages: WhatsappUazapiMessagesAttributes
    numbers: WhatsappUazapiNumbersAttributes
    webhooks: WhatsappUazapiWebhooksAttributes


class ProviderAttributes:
    """The providers as attributes of PlugFn."""

    database_postgres: DatabasePostgresAttributes
    database_supabase: DatabaseSupabaseAttributes
    email_sendgrid: EmailSendgridAttributes
    email_smtp: EmailSmtpAttributes
    github: GithubAttributes
    http: HttpAttributes
    slack: SlackAttributes
    whatsapp_uazapi: WhatsappUazapiAttributes


class SyncDatabasePostgresAccessAttributes(Protocol):
    def check(self, *, params: NoParams | Mapping[str, Any] | None = None, **call: Unpack[CallContext]) -> Access:
        """Says what the connection's role may do besides reading."""


class SyncDatabasePostgresQueryAttributes(Protocol):
    def run(self, *, params: Query | Mapping[str, Any], **call: Unpack[CallContext]) -> Rows:
        """Reads rows of one table: columns, filters, order, limit."""

    def sql(self, *, params: Sql | Mapping[str, Any], **call: Unpack[CallContext]) -> Rows:
        """Runs one SELECT over allowed tables, if the connection allows free SQL."""


class SyncDatabasePostgresTablesAttributes(Protocol):
    def list(self, *, params: NoParams | Mapping[str, Any] | None = None, **call: Unpack[CallContext]) -> Tables:
        """Lists the allowed tables that exist, with their columns."""


class SyncDatabasePostgresAttributes(Protocol):
    access: SyncDatabasePostgresAccessAttributes
    query: SyncDatabasePostgresQueryAttributes
    tables: SyncDatabasePostgresTablesAttributes


class SyncDatabaseSupabaseAccessAttributes(Protocol):
    def check(self, *, params: NoParams | Mapping[str, Any] | None = None, **call: Unpack[CallContext]) -> Access:
        """Says what the connection's key may do besides reading."""


class SyncDatabaseSupabaseQueryAttributes(Protocol):
    def run(self, *, params: Query | Mapping[str, Any], **call: Unpack[CallContext]) -> Rows:
        """Reads rows of one table: columns, filters, order, limit."""


class SyncDatabaseSupabaseTablesAttributes(Protocol):
    def list(self, *, params: NoParams | Mapping[str, Any] | None = None, **call: Unpack[CallContext]) -> Tables:
        """Lists the allowed tables that exist, with their columns."""


class SyncDatabaseSupabaseAttributes(Protocol):
    access: SyncDatabaseSupabaseAccessAttributes
    query: SyncDatabaseSupabaseQueryAttributes
    tables: SyncDatabaseSupabaseTablesAttributes


class SyncEmailSendgridMessagesAttributes(Protocol):
    def send(self, *, params: SendEmail | Mapping[str, Any], **call: Unpack[CallContext]) -> Sent:
        """Sends an e-mail, with text, HTML and attachments, to up to 1000 recipients."""


class SyncEmailSendgridAttributes(Protocol):
    messages: SyncEmailSendgridMessagesAttributes


class SyncEmailSmtpMessagesAttributes(Protocol):
    def send(self, *, params: SendEmail | Mapping[str, Any], **call: Unpack[CallContext]) -> Sent:
        """Sends an e-mail, with text, HTML and attachments, to up to 100 recipients."""


class SyncEmailSmtpAttributes(Protocol):
    messages: SyncEmailSmtpMessagesAttributes


class SyncGithubHooksAttributes(Protocol):
    def missed(self, *, params: HooksMissed | Mapping[str, Any], **call: Unpack[CallContext]) -> Missed:
        """Lists events that GitHub failed to deliver."""

    def redeliver(self, *, params: HooksRedeliver | Mapping[str, Any], **call: Unpack[CallContext]) -> Redelivered:
        """Asks GitHub to deliver an event again."""


class SyncGithubIssuesAttributes(Protocol):
    def create(self, *, params: IssueCreate | Mapping[str, Any], **call: Unpack[CallContext]) -> Issue:
        """Opens an issue."""


class SyncGithubPullsAttributes(Protocol):
    def create(self, *, params: PullCreate | Mapping[str, Any], **call: Unpack[CallContext]) -> Pull:
        """Opens a pull request."""


class SyncGithubReposAttributes(Protocol):
    def get(self, *, params: RepoGet | Mapping[str, Any], **call: Unpack[CallContext]) -> Repository:
        """Reads a repository."""


class SyncGithubAttributes(Protocol):
    hooks: SyncGithubHooksAttributes
    issues: SyncGithubIssuesAttributes
    pulls: SyncGithubPullsAttributes
    repos: SyncGithubReposAttributes


class SyncHttpRequestsAttributes(Protocol):
    def get(self, *, params: Fetch | Mapping[str, Any] | None = None, **call: Unpack[CallContext]) -> Fetched:
        """Reads the connection's URL."""


class SyncHttpWebhooksAttributes(Protocol):
    def send(self, *, params: WebhookSend | Mapping[str, Any], **call: Unpack[CallContext]) -> Delivered:
        """Delivers an event to the connection's URL, signed as in Standard Webhooks."""


class SyncHttpAttributes(Protocol):
    requests: SyncHttpRequestsAttributes
    webhooks: SyncHttpWebhooksAttributes


class SyncSlackChatAttributes(Protocol):
    def postMessage(self, *, params: MessagePost | Mapping[str, Any], **call: Unpack[CallContext]) -> Posted:
        """Posts a message."""


class SyncSlackConversationsAttributes(Protocol):
    def create(self, *, params: ConversationCreate | Mapping[str, Any], **call: Unpack[CallContext]) -> Channel:
        """Creates a channel."""


class SyncSlackUsersAttributes(Protocol):
    def info(self, *, params: UserInfo | Mapping[str, Any], **call: Unpack[CallContext]) -> User:
        """Reads a member's profile."""


class SyncSlackAttributes(Protocol):
    chat: SyncSlackChatAttributes
    conversations: SyncSlackConversationsAttributes
    users: SyncSlackUsersAttributes


class SyncWhatsappUazapiConnectionAttributes(Protocol):
    def status(self, *, params: Nothing | Mapping[str, Any] | None = None, **call: Unpack[CallContext]) -> LineStatus:
        """Checks whether the account is linked to WhatsApp and ready."""


class SyncWhatsappUazapiMessagesAttributes(Protocol):
    def find(self, *, params: FindMessages | Mapping[str, Any], **call: Unpack[CallContext]) -> MessagesFound:
        """Finds out whether a message was sent."""

    def send_media(self, *, params: SendMedia | Mapping[str, Any], **call: Unpack[CallContext]) -> SentMessage:
        """Sends a picture, a recording or a file."""

    def send_text(self, *, params: SendText | Mapping[str, Any], **call: Unpack[CallContext]) -> SentMessage:
        """Sends a text message."""


class SyncWhatsappUazapiNumbersAttributes(Protocol):
    def check(self, *, params: CheckNumbers | Mapping[str, Any], **call: Unpack[CallContext]) -> NumbersChecked:
        """Checks which phone numbers are on WhatsApp."""


class SyncWhatsappUazapiWebhooksAttributes(Protocol):
    def set(self, *, params: SetWebhook | Mapping[str, Any], **call: Unpack[CallContext]) -> WebhookSet:
        """Tells uazapi where to send events."""


class SyncWhatsappUazapiAttributes(Protocol):
    connection: SyncWhatsappUazapiConnectionAttributes
    messages: SyncWhatsappUazapiMessagesAttributes
    numbers: SyncWhatsappUazapiNumbersAttributes
    webhooks: SyncWhatsappUazapiWebhooksAttributes


class SyncProviderAttributes:
    """The providers as attributes of SyncPlugFn."""

    database_postgres: SyncDatabasePostgresAttributes
    database_supabase: SyncDatabaseSupabaseAttributes
    email_sendgrid: SyncEmailSendgridAttributes
    email_smtp: SyncEmailSmtpAttributes
    github: SyncGithubAttributes
    http: SyncHttpAttributes
    slack: SyncSlackAttributes
    whatsapp_uazapi: SyncWhatsappUazapiAttributes
