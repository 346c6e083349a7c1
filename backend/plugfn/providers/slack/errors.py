"""What Slack's errors mean. Nearly all of them have status 200 and `ok: false`.

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
    "not_authed": Means(NeedsReconnect, "The request had no token."),
    "invalid_auth": Means(NeedsReconnect, "Slack does not accept this token, or does not accept it from this address."),
    "account_inactive": Means(NeedsReconnect, "The user or the workspace of this token was deleted."),
    "token_revoked": Means(NeedsReconnect, "The token was revoked, or the app was removed from the workspace."),
    "token_expired": Means(NeedsReconnect, "The token has expired."),
}

GRANT = {
    "missing_scope": Means(MissingScope, "The app lacks a scope that this action needs."),
    "no_permission": Means(MissingScope, "The app may not do this, or is not in that conversation."),
    "not_allowed_token_type": Means(MissingScope, "This kind of token may not do this."),
    "two_factor_setup_required": Means(MissingScope, "The user must set up two-factor authentication at Slack first."),
    "team_access_not_granted": Means(
        MissingScope, "The app does not have access to this workspace of the organization."
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
    "internal_error": Means(Unavailable, "Slack failed, but may have done it."),
    "fatal_error": Means(Unavailable, "Slack failed, but may have done it."),
    "external_channel_migrating": Means(TryLater, "The channel is being moved."),
}

MISSING = {
    "channel_not_found": Means(NotFound, "The channel does not exist, or the app may not see it."),
    "user_not_found": Means(NotFound, "The user does not exist."),
    "user_not_visible": Means(NotFound, "The app may not see this user."),
    "thread_not_found": Means(NotFound, "The message to reply to does not exist."),
    "team_not_found": Means(NotFound, "The workspace does not exist."),
    "message_not_found": Means(NotFound, "The message does not exist."),
    "duplicate_channel_not_found": Means(NotFound, "The channel for the message's client id does not exist."),
    "duplicate_message_not_found": Means(NotFound, "No message has this client id."),
}

WRONG = {
    "not_in_channel": Means(InvalidCall, "The app is not in this channel: invite it first."),
    "is_archived": Means(InvalidCall, "The channel is archived."),
    "msg_too_long": Means(InvalidCall, "The text is too long."),
    "msg_blocks_too_long": Means(InvalidCall, "The blocks are too long."),
    "no_text": Means(InvalidCall, "The message has neither text nor blocks."),
    "too_many_attachments": Means(InvalidCall, "The message has more than 100 attachments."),
    "invalid_blocks": Means(InvalidCall, "Slack cannot read one of the blocks."),
    "invalid_blocks_format": Means(InvalidCall, "The blocks are not a list of objects."),
    "cannot_reply_to_message": Means(InvalidCall, "Slack allows no replies to this message."),
    "name_taken": Means(InvalidCall, "A channel with this name already exists."),
    "no_channel": Means(InvalidCall, "The name is empty."),
    "invalid_name": Means(InvalidCall, "The name is not valid for a channel."),
    "invalid_name_required": Means(InvalidCall, "The name is empty."),
    "invalid_name_punctuation": Means(InvalidCall, "The name consists only of punctuation."),
    "invalid_name_maxlength": Means(InvalidCall, "The name is longer than 80 characters."),
    "invalid_name_specials": Means(InvalidCall, "A name only has lower-case letters, digits, hyphens and underscores."),
    "invalid_arguments": Means(InvalidCall, "An argument is wrong."),
    "missing_argument": Means(InvalidCall, "An argument is missing."),
    "invalid_channel": Means(InvalidCall, "The channel's id is not valid."),
    "invalid_arg_name": Means(InvalidCall, "The name of an argument is not valid."),
    "invalid_array_arg": Means(InvalidCall, "An argument is a list, but must be a text."),
    "invalid_charset": Means(InvalidCall, "Slack does not support the request's character set."),
    "invalid_form_data": Means(InvalidCall, "Slack cannot read the form."),
    "invalid_post_type": Means(InvalidCall, "Slack does not support the request's content type."),
    "missing_post_type": Means(InvalidCall, "The request has no content type."),
    "invalid_json": Means(InvalidCall, "The request is not JSON."),
    "json_not_object": Means(InvalidCall, "The request is not a JSON object."),
    "attachment_payload_limit_exceeded": Means(InvalidCall, "The attachments are too long."),
    "too_many_contact_cards": Means(InvalidCall, "The message has more than 10 contact cards."),
    "missing_file_data": Means(InvalidCall, "A file in the blocks lacks its data."),
    "markdown_text_conflict": Means(InvalidCall, "The message has Markdown as well as a text or blocks."),
    "invalid_metadata_format": Means(InvalidCall, "Slack cannot read the metadata."),
    "invalid_metadata_schema": Means(InvalidCall, "The metadata does not match its schema."),
    "metadata_too_large": Means(InvalidCall, "The metadata is too long."),
    "metadata_must_be_sent_from_app": Means(InvalidCall, "Only an app's token may send metadata."),
    "as_user_not_supported": Means(InvalidCall, "This token cannot send a message as a user."),
    "invalid_users": Means(InvalidCall, "The id of a member is not valid."),
    "method_not_supported_for_channel_type": Means(InvalidCall, "This kind of conversation does not support this."),
}

REFUSED = {
    "restricted_action": Means(GiveUp, "The workspace's settings do not allow this."),
    "restricted_action_read_only_channel": Means(GiveUp, "The channel is read-only."),
    "restricted_action_thread_only_channel": Means(GiveUp, "This channel only allows replies in threads."),
    "restricted_action_non_threadable_channel": Means(GiveUp, "This channel does not allow replies in threads."),
    "ekm_access_denied": Means(GiveUp, "The workspace's administrators have suspended posting."),
    "access_denied": Means(GiveUp, "The app does not have access to this."),
    "accesslimited": Means(GiveUp, "The workspace does not allow access from this network."),
    "enterprise_is_restricted": Means(GiveUp, "This cannot be done from an Enterprise organization."),
    "user_is_restricted": Means(GiveUp, "A guest may not do this."),
    "user_is_ultra_restricted": Means(GiveUp, "A single-channel guest may not do this."),
    "is_bot": Means(GiveUp, "A bot may not do this."),
    "too_many_convos_for_team": Means(GiveUp, "The workspace has reached its limit of channels."),
    "too_many_convos_for_app_on_team": Means(GiveUp, "The app has reached its limit of channels in this workspace."),
    "method_deprecated": Means(GiveUp, "Slack no longer offers this."),
    "deprecated_endpoint": Means(GiveUp, "Slack no longer offers this."),
    "restricted_action_thread_locked": Means(GiveUp, "The administrators have closed this thread."),
    "messages_tab_disabled": Means(GiveUp, "The app's messages tab is switched off."),
    "send_on_behalf_not_allowed": Means(GiveUp, "The app may not send on behalf of the user."),
    "slack_connect_canvas_sharing_blocked": Means(GiveUp, "Canvases may not be shared with other organizations."),
    "slack_connect_file_link_sharing_blocked": Means(GiveUp, "Files may not be shared with other organizations."),
    "slack_connect_lists_sharing_blocked": Means(GiveUp, "Lists may not be shared with other organizations."),
    "user_is_bot": Means(GiveUp, "A bot may not do this."),
    "unknown_method": Means(GiveUp, "Slack does not know this method."),
    "upgrade_required": Means(GiveUp, "The workspace must be upgraded to a newer Slack first."),
}

SCOPES = re.compile(r"[a-z0-9_.:,|\- ]{1,300}")


def read_code(answer: Answer) -> str | None:
    """The error code of an answer with `ok: false`. Raises Unexpected if a 200 is not Slack's JSON."""
    document = answer.document()
    return None if document.get("ok") is True else str(document.get("error", "unknown"))[:100]


def read_detail(answer: Answer) -> str:
    """The scope that Slack names in a missing_scope error."""
    needed = answer.document().get("needed") if answer.ok else None
    return f"needs {needed}" if isinstance(needed, str) and SCOPES.fullmatch(needed) else ""


TABLE = ErrorTable(
    codes={**RECONNECT, **GRANT, **LATER, **MISSING, **WRONG, **REFUSED}, read=read_code, detail=read_detail
)
