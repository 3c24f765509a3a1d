"""Every method the stand-in serves, and the arguments that the Bot API documents for it. Anything else is refused."""

from __future__ import annotations


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


_PLACE = "chat_id business_connection_id message_thread_id direct_messages_topic_id"
_MANNER = (
    f"{_PLACE} disable_notification protect_content allow_paid_broadcast message_effect_id reply_parameters "
    "allow_sending_without_reply reply_to_message_id"
)
_EPHEMERAL = "suggested_post_parameters ephemeral_message_parameters receiver_user_id callback_query_id"
_SEND = f"{_MANNER} {_EPHEMERAL} reply_markup"
_CAPTION = "caption parse_mode caption_entities"
_EDIT = "business_connection_id chat_id message_id inline_message_id reply_markup"
_TOPIC = "chat_id message_thread_id"
_MEMBER = "chat_id user_id"

ALLOWED: dict[str, frozenset[str]] = {
    name: _names(words)
    for name, words in {
        "getMe": "",
        "logOut": "",
        "close": "",
        "getUpdates": "offset limit timeout allowed_updates",
        "setWebhook": ("url certificate ip_address max_connections allowed_updates drop_pending_updates secret_token"),
        "deleteWebhook": "drop_pending_updates",
        "getWebhookInfo": "",
        "sendMessage": f"{_SEND} text parse_mode entities link_preview_options disable_web_page_preview",
        "sendPhoto": f"{_SEND} {_CAPTION} photo show_caption_above_media has_spoiler",
        "sendDocument": f"{_SEND} {_CAPTION} document thumbnail disable_content_type_detection",
        "sendVoice": f"{_SEND} {_CAPTION} voice duration",
        "sendAudio": f"{_SEND} {_CAPTION} audio duration performer title thumbnail",
        "sendVideo": (
            f"{_SEND} {_CAPTION} video duration width height thumbnail cover start_timestamp "
            "show_caption_above_media has_spoiler supports_streaming"
        ),
        "sendMediaGroup": f"{_MANNER} media",
        "sendChatAction": "business_connection_id chat_id message_thread_id action",
        "copyMessage": (
            f"{_MANNER} {_CAPTION} suggested_post_parameters reply_markup from_chat_id message_id "
            "video_start_timestamp show_caption_above_media"
        ),
        "editMessageText": (
            f"{_EDIT} text parse_mode entities link_preview_options disable_web_page_preview rich_message"
        ),
        "editMessageCaption": f"{_EDIT} {_CAPTION} show_caption_above_media",
        "editMessageReplyMarkup": _EDIT,
        "deleteMessage": "chat_id message_id",
        "deleteMessages": "chat_id message_ids",
        "setMessageReaction": "chat_id message_id reaction is_big",
        "pinChatMessage": "business_connection_id chat_id message_id disable_notification",
        "unpinChatMessage": "business_connection_id chat_id message_id",
        "answerCallbackQuery": "callback_query_id text show_alert url cache_time",
        "getFile": "file_id",
        "getChat": "chat_id",
        "getChatMember": _MEMBER,
        "getChatMemberCount": "chat_id",
        "getChatAdministrators": "chat_id return_bots",
        "leaveChat": "chat_id",
        "createForumTopic": "chat_id name icon_color icon_custom_emoji_id",
        "editForumTopic": f"{_TOPIC} name icon_custom_emoji_id",
        "closeForumTopic": _TOPIC,
        "reopenForumTopic": _TOPIC,
        "deleteForumTopic": _TOPIC,
        "getMyCommands": "scope language_code",
        "setMyCommands": "commands scope language_code",
        "deleteMyCommands": "scope language_code",
        "getMyName": "language_code",
        "setMyName": "name language_code",
        "getMyDescription": "language_code",
        "setMyDescription": "description language_code",
        "getMyShortDescription": "language_code",
        "setMyShortDescription": "short_description language_code",
        "setChatMenuButton": "chat_id menu_button",
        "getChatMenuButton": "chat_id",
    }.items()
}
CALLED = {name.lower(): name for name in ALLOWED}
"""The Bot API does not mind the case of a method's name."""
