"""What Slack accepts as elements of blocks: buttons, selects, inputs."""

from __future__ import annotations

from typing import Any

from .check import Check
from .registry import Json

PLAIN = ("plain_text",)
COMMON = ("type", "action_id", "confirm", "focus_on_load", "placeholder")
SELECTS: dict[str, tuple[str, ...]] = {
    "static_select": ("options", "option_groups", "initial_option"),
    "multi_static_select": ("options", "option_groups", "initial_options", "max_selected_items"),
    "external_select": ("initial_option", "min_query_length"),
    "multi_external_select": ("initial_options", "min_query_length", "max_selected_items"),
    "users_select": ("initial_user",),
    "multi_users_select": ("initial_users", "max_selected_items"),
    "conversations_select": (
        "initial_conversation",
        "default_to_current_conversation",
        "response_url_enabled",
        "filter",
    ),
    "channels_select": ("initial_channel", "response_url_enabled"),
    "datepicker": ("initial_date",),
    "timepicker": ("initial_time", "timezone"),
    "datetimepicker": ("initial_date_time",),
}
CHOICES = {"checkboxes": "initial_options", "radio_buttons": "initial_option", "overflow": ""}
INPUTS: dict[str, tuple[str, ...]] = {
    "plain_text_input": ("initial_value", "multiline", "min_length", "max_length", "dispatch_action_config"),
    "email_text_input": ("initial_value", "dispatch_action_config"),
    "url_text_input": ("initial_value", "dispatch_action_config"),
    "number_input": ("is_decimal_allowed", "initial_value", "min_value", "max_value", "dispatch_action_config"),
    "rich_text_input": ("initial_value", "dispatch_action_config"),
    "file_input": ("filetypes", "max_files"),
}
IN_ACTIONS = {"button", *SELECTS, *CHOICES}
IN_INPUT = {*SELECTS, "checkboxes", "radio_buttons", *INPUTS}
IN_SECTION = {"button", "image", *SELECTS, *CHOICES}
IN_CONTEXT_ACTIONS = {"feedback_buttons", "icon_button"}


def check_element(check: Check, element: Any, path: str, allowed: set[str]) -> None:
    """One element at this place, and all that hangs on it."""
    if not isinstance(element, dict):
        return check.wrong(path, "must be an object")
    kind = element.get("type")
    if kind not in allowed:
        return check.wrong(f"{path}/type", f"unsupported type: {kind}")
    if kind == "image":
        return check_image(check, element, path, ())
    check.string(element, path, "action_id", 255, needed=False, least=1)
    if "confirm" in element:
        _check_confirm(check, element["confirm"], f"{path}/confirm")
    if kind == "button":
        return _check_button(check, element, path)
    if kind == "feedback_buttons":
        return _check_feedback(check, element, path)
    if kind == "icon_button":
        return _check_icon(check, element, path)
    check.text(element, path, "placeholder", 150, PLAIN, needed=False)
    if kind in SELECTS:
        check.only(element, path, (*COMMON, *SELECTS[kind]))
        if kind.endswith("static_select"):
            _check_options(check, element, path, 100)
    elif kind in CHOICES:
        check.only(element, path, ("type", "action_id", "confirm", "focus_on_load", "options", CHOICES[kind]))
        _check_options(check, element, path, 5 if kind == "overflow" else 10)
    else:
        _check_input(check, element, path, kind)


def _check_button(check: Check, element: Json, path: str) -> None:
    own = ("text", "url", "value", "style", "accessibility_label")
    check.only(element, path, ("type", "action_id", "confirm", *own))
    check.text(element, path, "text", 75, PLAIN)
    check.string(element, path, "url", 3000, needed=False)
    check.string(element, path, "value", 2000, needed=False)
    check.string(element, path, "accessibility_label", 75, needed=False)
    if "style" in element and element["style"] not in ("primary", "danger"):
        check.wrong(f"{path}/style", "must be one of: primary, danger")


def _check_feedback(check: Check, element: Json, path: str) -> None:
    check.only(element, path, ("type", "action_id", "positive_button", "negative_button"))
    for name in ("positive_button", "negative_button"):
        button = element.get(name)
        if not isinstance(button, dict):
            check.wrong(path, f"missing required field: {name}")
            continue
        check.only(button, f"{path}/{name}", ("text", "value", "accessibility_label"))
        check.text(button, f"{path}/{name}", "text", 75, PLAIN)
        check.string(button, f"{path}/{name}", "value", 2000)


def _check_icon(check: Check, element: Json, path: str) -> None:
    own = ("icon", "text", "value", "accessibility_label", "visible_to_user_ids")
    check.only(element, path, ("type", "action_id", "confirm", *own))
    check.text(element, path, "text", 75, PLAIN)
    check.string(element, path, "value", 2000, needed=False)
    if element.get("icon") != "trash":
        check.wrong(f"{path}/icon", "must be one of: trash")


def _check_input(check: Check, element: Json, path: str, kind: str) -> None:
    check.only(element, path, ("type", "action_id", "focus_on_load", "placeholder", *INPUTS[kind]))
    if kind != "plain_text_input":
        return
    check.string(element, path, "initial_value", 3000, needed=False)
    check.flag(element, path, "multiline")
    for name, least in (("min_length", 0), ("max_length", 1)):
        value = element.get(name, least)
        if not isinstance(value, int) or not least <= value <= 3000:
            check.wrong(f"{path}/{name}", f"must be between {least} and 3000")


def _check_options(check: Check, element: Json, path: str, most: int) -> None:
    if "option_groups" in element and "options" not in element:
        groups = check.items(element["option_groups"], f"{path}/option_groups", 100)
        for number, group in enumerate(groups):
            place = f"{path}/option_groups/{number}"
            check.text(group, place, "label", 75, PLAIN)
            _check_each(check, check.items(group.get("options"), f"{place}/options", 100), f"{place}/options")
        return
    _check_each(check, check.items(element.get("options"), f"{path}/options", most), f"{path}/options")
    initial = element.get("initial_option")
    if initial is not None and initial not in (element.get("options") or ()):
        check.wrong(f"{path}/initial_option", "must be one of the provided options")


def _check_each(check: Check, options: list[Any], path: str) -> None:
    for number, option in enumerate(options):
        place = f"{path}/{number}"
        if not isinstance(option, dict):
            check.wrong(place, "must be an object")
            continue
        check.only(option, place, ("text", "value", "description", "url"))
        check.text(option, place, "text", 75)
        check.string(option, place, "value", 150, least=1)
        check.text(option, place, "description", 75, needed=False)


def _check_confirm(check: Check, confirm: Any, path: str) -> None:
    if not isinstance(confirm, dict):
        return check.wrong(path, "must be an object")
    check.only(confirm, path, ("title", "text", "confirm", "deny", "style"))
    for name, most in (("title", 100), ("confirm", 30), ("deny", 30)):
        check.text(confirm, path, name, most, PLAIN, needed=False)
    check.text(confirm, path, "text", 300, needed=False)


def check_image(check: Check, image: Json, path: str, extra: tuple[str, ...]) -> None:
    """An image element, or (with ``extra`` properties) an image block."""
    check.only(image, path, ("type", "image_url", "alt_text", "slack_file", *extra))
    check.string(image, path, "alt_text", 2000, least=1)
    if ("image_url" in image) == ("slack_file" in image):
        check.wrong(path, "must provide exactly one of: image_url, slack_file")
    url = check.string(image, path, "image_url", 3000, needed=False)
    if url is not None and not url.startswith(("http://", "https://")):
        check.wrong(f"{path}/image_url", "must be a valid URL")
