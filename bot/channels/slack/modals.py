"""The form "Ask support", and what is said once it was sent. Pure: Slack's payloads in, views out."""

from __future__ import annotations

from typing import Any

from slack_sdk.models.blocks import (
    CheckboxesElement,
    InputBlock,
    Option,
    PlainTextInputElement,
    PlainTextObject,
    SectionBlock,
)
from slack_sdk.models.views import View

from bot.channels.slack.mrkdwn import to_words
from bot.channels.slack.words import say

ASK = "ask_support"
"""The callback_id of the form and of the shortcut that opens it."""
QUESTION_BLOCK = "question"
QUESTION_INPUT = "text"
PERSON_BLOCK = "wants_person"
LONGEST = 3000
"""What a text input of Slack holds."""


def question_view(language: str | None, quoted: str = "") -> dict[str, Any]:
    """The form. ``quoted``: the words that the customer asks about, put in front as a quotation."""
    field = PlainTextInputElement(
        action_id=QUESTION_INPUT,
        initial_value=_quotation(quoted) or None,
        multiline=True,
        max_length=LONGEST,
        focus_on_load=True,
    )
    question = InputBlock(
        block_id=QUESTION_BLOCK,
        label=say("question", language),
        hint=say("question_hint", language),
        element=field,
    )
    box = CheckboxesElement(action_id=PERSON_BLOCK, options=[Option(value="yes", label=say("person_option", language))])
    person = InputBlock(block_id=PERSON_BLOCK, label=say("person", language), element=box, optional=True)
    view = View(
        type="modal",
        callback_id=ASK,
        title=say("ask", language),
        submit=say("send", language),
        close=say("cancel", language),
        blocks=[question, person],
    )
    return dict(view.to_dict())


def thanks_view(language: str | None) -> dict[str, Any]:
    """What the form turns into once its question is kept."""
    thanks = SectionBlock(text=PlainTextObject(text=say("thanks", language)))
    view = View(type="modal", title=say("ask", language), close=say("close", language), blocks=[thanks])
    return dict(view.to_dict())


def problems(body: dict[str, Any], language: str | None) -> dict[str, str]:
    """What is wrong with a submission, by the block to show it at; empty when it can be kept."""
    return {} if question_of(body).strip() else {QUESTION_BLOCK: say("question_empty", language)}


def question_of(body: dict[str, Any]) -> str:
    """What the customer wrote into the form; "" when there is nothing."""
    value: Any = body.get("view")
    for step in ("state", "values", QUESTION_BLOCK, QUESTION_INPUT, "value"):
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def quoted_in(body: dict[str, Any]) -> str:
    """The words of the message that a message shortcut was used on; "" where there is none."""
    message = body.get("message")
    text = message.get("text") if isinstance(message, dict) else None
    return to_words(text) if isinstance(text, str) else ""


def _quotation(text: str) -> str:
    """``text`` with "> " before each line and room below it, short enough to leave room for the question."""
    if not text.strip():
        return ""
    whole = "\n".join(f"> {line}" for line in text.strip().splitlines())
    room = LONGEST // 2
    return (whole if len(whole) <= room else f"{whole[: room - 1]}…") + "\n\n"
