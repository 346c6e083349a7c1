"""What Slack's errors mean: nearly all come with status 200 and `ok: false`.

Source: the error lists of https://docs.slack.dev/reference/methods and https://docs.slack.dev/apis/web-api/rate-limits
"""

import re

from plugfn.errors import (
    GiveUp,
    InvalidCall,
    MissingScope,
    NeedsReconnect,
    NotFound,
    RateLimited,
    TryLater,
    Unavailable,
)
from plugfn.net.answer import Answer, ErrorTable, Means

RECONNECT = {
    "not_authed": Means(NeedsReconnect, "No token was sent."),
    "invalid_auth": Means(NeedsReconnect, "Slack does not accept this token, or not from this address."),
    "account_inactive": Means(NeedsReconnect, "The user or the workspace of this token is gone."),
    "token_revoked": Means(NeedsReconnect, "The token was revoked, or the app was removed from the workspace."),
    "token_expired": Means(NeedsReconnect, "The token has ended."),
}

GRANT = {
    "missing_scope": Means(MissingScope, "The app was not granted a scope that this needs."),
    "no_permission": Means(MissingScope, "The app may not do this, or is not in that conversation."),
    "not_allowed_token_type": Means(MissingScope, "This kind of token may not do this."),
    "two_factor_setup_required": Means(MissingScope, "The user must set up two-factor authentication at Slack first."),
    "team_access_not_granted": Means(
        MissingScope, "The app was not given access to this workspace of the organization."
    ),
}

LATER = {
    "ratelimited": Means(RateLimited, "Too many calls."),
    "rate_limited": Means(RateLimited, "The app has posted too many messages."),
    "message_limit_exceeded": Means(RateLimited, "Too many messages were posted to this channel."),
    "service_unavailable": Means(TryLater, "Slack is not available at the moment."),
    "request_timeout": Means(TryLater, "Slack did not receive the whole request."),
    "team_added_to_org": Means(TryLater, "The workspace is being moved to an Enterprise organization."),
    "org_login_required": Means(TryLater, "The workspace is being moved to an Enterprise organization."),
    "internal_error": Means(Unavailable, "Slack failed; it may have acted."),
    "fatal_error": Means(Unavailable, "Slack failed; it may have acted."),
    "external_channel_migrating": Means(TryLater, "The channel is being moved."),
}

MISSING = {
    "channel_not_found": Means(NotFound, "There is no such channel, or the app may not see it."),
    "user_not_found": Means(NotFound, "There is no such user."),
    "user_not_visible": Means(NotFound, "The app may not see this user."),
    "thread_not_found": Means(NotFound, "There is no such message to answer."),
    "team_not_found": Means(NotFound, "There is no such workspace."),
    "message_not_found": Means(NotFound, "There is no such message."),
    "duplicate_channel_not_found": Means(NotFound, "The channel of the message's client id is not there."),
    "duplicate_message_not_found": Means(NotFound, "There is no message of this client id."),
}

WRONG = {
    "not_in_channel": Means(InvalidCall, "The app is not in this channel: somebody must invite it."),
    "is_archived": Means(InvalidCall, "The channel is archived."),
    "msg_too_long": Means(InvalidCall, "The text is too long."),
    "msg_blocks_too_long": Means(InvalidCall, "The blocks are too long."),
    "no_text": Means(InvalidCall, "There is neither text nor a block."),
    "too_many_attachments": Means(InvalidCall, "There are more than 100 attachments."),
    "invalid_blocks": Means(InvalidCall, "A block is not one that Slack reads."),
    "invalid_blocks_format": Means(InvalidCall, "The blocks are not a list of objects."),
    "cannot_reply_to_message": Means(InvalidCall, "This message cannot have answers."),
    "name_taken": Means(InvalidCall, "There is a channel of that name already."),
    "no_channel": Means(InvalidCall, "The name is empty."),
    "invalid_name": Means(InvalidCall, "The name is not one that a channel can have."),
    "invalid_name_required": Means(InvalidCall, "The name is empty."),
    "invalid_name_punctuation": Means(InvalidCall, "The name is nothing but punctuation."),
    "invalid_name_maxlength": Means(InvalidCall, "The name is longer than 80 characters."),
    "invalid_name_specials": Means(InvalidCall, "Names have lower-case letters, digits, hyphens and underscores only."),
    "invalid_arguments": Means(InvalidCall, "An argument is wrong."),
    "missing_argument": Means(InvalidCall, "An argument is missing."),
    "invalid_channel": Means(InvalidCall, "The channel's id is not one."),
    "invalid_arg_name": Means(InvalidCall, "An argument's name is not one."),
    "invalid_array_arg": Means(InvalidCall, "An argument is a list and must be a text."),
    "invalid_charset": Means(InvalidCall, "The request's character set is not one that Slack reads."),
    "invalid_form_data": Means(InvalidCall, "The form cannot be read."),
    "invalid_post_type": Means(InvalidCall, "The request's content type is not one that Slack reads."),
    "missing_post_type": Means(InvalidCall, "The request has no content type."),
    "invalid_json": Means(InvalidCall, "The request is not JSON."),
    "json_not_object": Means(InvalidCall, "The request is not a JSON object."),
    "attachment_payload_limit_exceeded": Means(InvalidCall, "The attachments are too long."),
    "too_many_contact_cards": Means(InvalidCall, "There are more than 10 contact cards."),
    "missing_file_data": Means(InvalidCall, "A file in the blocks lacks its data."),
    "markdown_text_conflict": Means(InvalidCall, "There is Markdown besides a text or blocks."),
    "invalid_metadata_format": Means(InvalidCall, "The metadata cannot be read."),
    "invalid_metadata_schema": Means(InvalidCall, "The metadata does not fit its schema."),
    "metadata_too_large": Means(InvalidCall, "The metadata is too long."),
    "metadata_must_be_sent_from_app": Means(InvalidCall, "Metadata needs a token of the app."),
    "as_user_not_supported": Means(InvalidCall, "A message cannot be sent as a user with this token."),
    "invalid_users": Means(InvalidCall, "A member's id is not one."),
    "method_not_supported_for_channel_type": Means(InvalidCall, "This cannot be done in a conversation of this kind."),
}

REFUSED = {
    "restricted_action": Means(GiveUp, "The workspace's settings do not allow this."),
    "restricted_action_read_only_channel": Means(GiveUp, "The channel can only be read."),
    "restricted_action_thread_only_channel": Means(GiveUp, "This channel takes answers only."),
    "restricted_action_non_threadable_channel": Means(GiveUp, "This channel takes no answers."),
    "ekm_access_denied": Means(GiveUp, "The workspace's administrators have stopped this."),
    "access_denied": Means(GiveUp, "The app may not have this."),
    "accesslimited": Means(GiveUp, "This is not allowed from this network."),
    "enterprise_is_restricted": Means(GiveUp, "This cannot be done from an Enterprise organization."),
    "user_is_restricted": Means(GiveUp, "A guest may not do this."),
    "user_is_ultra_restricted": Means(GiveUp, "A guest of one channel may not do this."),
    "is_bot": Means(GiveUp, "A bot may not do this."),
    "too_many_convos_for_team": Means(GiveUp, "The workspace has as many channels as it can have."),
    "too_many_convos_for_app_on_team": Means(GiveUp, "The app has made as many channels here as it may."),
    "method_deprecated": Means(GiveUp, "Slack no longer offers this."),
    "deprecated_endpoint": Means(GiveUp, "Slack no longer offers this."),
    "restricted_action_thread_locked": Means(GiveUp, "The administrators have closed this thread."),
    "messages_tab_disabled": Means(GiveUp, "The app takes no messages in its own tab."),
    "send_on_behalf_not_allowed": Means(GiveUp, "The app may not send in the user's name."),
    "slack_connect_canvas_sharing_blocked": Means(GiveUp, "Canvases must not be shared with other organizations."),
    "slack_connect_file_link_sharing_blocked": Means(GiveUp, "Files must not be shared with other organizations."),
    "slack_connect_lists_sharing_blocked": Means(GiveUp, "Lists must not be shared with other organizations."),
    "user_is_bot": Means(GiveUp, "A bot may not do this."),
    "unknown_method": Means(GiveUp, "Slack does not know this method."),
    "upgrade_required": Means(GiveUp, "The workspace must be moved to a newer Slack first."),
}

SCOPES = re.compile(r"[a-z0-9_.:,|\- ]{1,300}")


def read_code(answer: Answer) -> str | None:
    """The code of `ok: false`. Raises Unexpected when a 200 is not Slack's JSON."""
    found = answer.document()
    return None if found.get("ok") is True else str(found.get("error", "unknown"))[:100]


def read_detail(answer: Answer) -> str:
    """The scope that a missing_scope asks for."""
    needed = answer.document().get("needed") if answer.ok else None
    return f"needs {needed}" if isinstance(needed, str) and SCOPES.fullmatch(needed) else ""


TABLE = ErrorTable(
    codes={**RECONNECT, **GRANT, **LATER, **MISSING, **WRONG, **REFUSED}, read=read_code, detail=read_detail
)
