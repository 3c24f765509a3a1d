"""reply_markup: what Telegram takes as a keyboard, and what it says of the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from standins.telegram.arguments import Arguments
from standins.telegram.html import is_link
from standins.telegram.refusals import Refusal, bad_request

MAX_BUTTONS = 100
MAX_IN_ROW = 8
MAX_DATA = 64
_ACTIONS = {
    "callback_data", "url", "login_url", "switch_inline_query", "switch_inline_query_current_chat", "copy_text",
    "switch_inline_query_chosen_chat", "web_app", "callback_game", "pay",
}  # fmt: skip
_LOOK = {"text", "icon_custom_emoji_id", "style"}
_OTHER = {
    "keyboard": {
        "keyboard", "is_persistent", "resize_keyboard", "one_time_keyboard", "input_field_placeholder", "selective",
    },
    "remove_keyboard": {"remove_keyboard", "selective"},
    "force_reply": {"force_reply", "input_field_placeholder", "selective"},
}  # fmt: skip


@dataclass(frozen=True)
class Button:
    label: str
    data: str | None = None
    url: str | None = None


def markup_of(arguments: Arguments) -> dict[str, Any] | None:
    """The checked reply_markup, None where there is none."""
    markup = arguments.mapping("reply_markup", "reply keyboard markup")
    if not markup:
        return None
    if "inline_keyboard" in markup:
        return _inline(markup)
    for name, fields in _OTHER.items():
        if name in markup:
            if unknown := set(markup) - fields:
                raise bad_request(f"unknown field {min(unknown)} in reply markup")
            return markup
    raise bad_request("can't parse reply keyboard markup: no keyboard in it")


def inline_of(arguments: Arguments) -> dict[str, Any] | None:
    """For edits: a message keeps or loses an inline keyboard, it cannot get another kind."""
    markup = markup_of(arguments)
    if markup is not None and "inline_keyboard" not in markup:
        raise bad_request("inline keyboard expected")
    return markup


def rows(markup: dict[str, Any] | None) -> list[list[Button]]:
    """The inline keyboard as a customer sees it; [] without one."""
    return [
        [Button(button["text"], button.get("callback_data"), button.get("url")) for button in row]
        for row in (markup or {}).get("inline_keyboard", [])
    ]


def _inline(markup: dict[str, Any]) -> dict[str, Any] | None:
    if unknown := set(markup) - {"inline_keyboard"}:
        raise bad_request(f"unknown field {min(unknown)} in reply markup")
    keyboard = markup["inline_keyboard"]
    if not isinstance(keyboard, list):
        raise bad_request('field "inline_keyboard" must be of type Array')
    checked = [_row(row) for row in keyboard]
    if sum(len(row) for row in checked) > MAX_BUTTONS:
        raise bad_request("reply markup is too long")
    checked = [row for row in checked if row]
    return {"inline_keyboard": checked} if checked else None


def _row(row: Any) -> list[dict[str, Any]]:
    if not isinstance(row, list):
        raise bad_request('field "inline_keyboard" must be an Array of Arrays')
    if len(row) > MAX_IN_ROW:
        raise bad_request("BUTTON_ROW_TOO_LONG")
    return [_button(button) for button in row]


def _button(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise _wrong("InlineKeyboardButton must be an Object")
    button: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    text = button.get("text")
    if not isinstance(text, str):
        raise _wrong('Can\'t find field "text"')
    if not text.strip():
        raise bad_request("BUTTON_TEXT_INVALID")
    if unknown := set(button) - _ACTIONS - _LOOK:
        raise _wrong(f"unknown field {min(unknown)}")
    actions = set(button) & _ACTIONS
    if not actions:
        raise _wrong("Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise _wrong(f"exactly one of {', '.join(sorted(actions))} is allowed")
    _check_action(button)
    return button


def _wrong(why: str) -> Refusal:
    return bad_request(f"can't parse inline keyboard button: {why}")


def _check_action(button: dict[str, Any]) -> None:
    data, url = button.get("callback_data"), button.get("url")
    if data is not None and not (isinstance(data, str) and 1 <= len(data.encode()) <= MAX_DATA):
        raise bad_request("BUTTON_DATA_INVALID")
    if url is not None and not (isinstance(url, str) and is_link(url)):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
