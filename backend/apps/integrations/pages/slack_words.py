"""What Slack's error codes mean to a person. Codes with one remedy share a sentence; pages show the code beside it."""

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_GROUPS: tuple[tuple[Promise, Iterable[str]], ...] = (
    (
        _("Slack does not accept the permission any more. Sign in again."),
        ("not_authed", "invalid_auth", "token_revoked", "token_expired"),
    ),
    (_("The person or the workspace was deleted at Slack. Sign in again."), ("account_inactive",)),
    (
        _("The app lacks a permission at Slack, or is not in that conversation. Invite it there, or sign in again."),
        ("missing_scope", "no_permission", "not_allowed_token_type"),
    ),
    (_("Slack wants you to set up two-factor authentication there first."), ("two_factor_setup_required",)),
    (
        _("An administrator of the organization must give the app access to this workspace."),
        ("team_access_not_granted",),
    ),
    (
        _("Slack asks to wait. Ponte tries again by itself."),
        ("ratelimited", "rate_limited", "message_limit_exceeded", "external_channel_migrating"),
    ),
    (
        _("Slack does not work at the moment. Ponte tries again by itself."),
        (
            "service_unavailable",
            "request_timeout",
            "internal_error",
            "fatal_error",
            "team_added_to_org",
            "org_login_required",
        ),
    ),
    (
        _("The channel does not exist, or the app may not see it. Check its name, and invite the app there."),
        ("channel_not_found", "invalid_channel"),
    ),
    (
        _("This person does not exist there, or the app may not see them."),
        ("user_not_found", "user_not_visible", "invalid_users"),
    ),
    (
        _("The message that was meant does not exist."),
        ("thread_not_found", "message_not_found", "duplicate_channel_not_found", "duplicate_message_not_found"),
    ),
    (_("This workspace does not exist."), ("team_not_found",)),
    (_("The app is not in this channel. Invite it there: /invite."), ("not_in_channel",)),
    (_("The channel is archived."), ("is_archived",)),
    (_("The text is too long for Slack."), ("msg_too_long", "msg_blocks_too_long", "metadata_too_large")),
    (_("Write a text."), ("no_text",)),
    (
        _("Slack allows no replies to this message."),
        ("cannot_reply_to_message", "restricted_action_non_threadable_channel", "restricted_action_thread_locked"),
    ),
    (_("A channel of this name exists already."), ("name_taken",)),
    (
        _("This is not a name for a channel: lower-case letters, digits, - and _, at most 80."),
        (
            "no_channel",
            "invalid_name",
            "invalid_name_required",
            "invalid_name_punctuation",
            "invalid_name_maxlength",
            "invalid_name_specials",
        ),
    ),
    (
        _("Slack does not accept the message as it is. Whoever wrote the program that sends it must change it."),
        (
            "too_many_attachments",
            "invalid_blocks",
            "invalid_blocks_format",
            "invalid_arguments",
            "missing_argument",
            "invalid_arg_name",
            "invalid_array_arg",
            "invalid_charset",
            "invalid_form_data",
            "invalid_post_type",
            "missing_post_type",
            "invalid_json",
            "json_not_object",
            "attachment_payload_limit_exceeded",
            "too_many_contact_cards",
            "missing_file_data",
            "markdown_text_conflict",
            "invalid_metadata_format",
            "invalid_metadata_schema",
            "metadata_must_be_sent_from_app",
            "as_user_not_supported",
            "method_not_supported_for_channel_type",
        ),
    ),
    (
        _("The workspace does not allow this. Its administrators can change that."),
        (
            "restricted_action",
            "ekm_access_denied",
            "access_denied",
            "accesslimited",
            "enterprise_is_restricted",
            "send_on_behalf_not_allowed",
            "messages_tab_disabled",
            "slack_connect_canvas_sharing_blocked",
            "slack_connect_file_link_sharing_blocked",
            "slack_connect_lists_sharing_blocked",
        ),
    ),
    (_("The channel is read-only."), ("restricted_action_read_only_channel",)),
    (_("This channel only allows replies in threads."), ("restricted_action_thread_only_channel",)),
    (
        _("This account may not do this at Slack."),
        ("user_is_restricted", "user_is_ultra_restricted", "is_bot", "user_is_bot"),
    ),
    (
        _("The workspace has reached its limit of channels."),
        ("too_many_convos_for_team", "too_many_convos_for_app_on_team"),
    ),
    (
        _("Slack no longer offers this. Tell the operators of this server."),
        ("method_deprecated", "deprecated_endpoint", "unknown_method", "upgrade_required"),
    ),
)
SLACK: dict[str, Promise] = {code: words for words, codes in _GROUPS for code in codes}
