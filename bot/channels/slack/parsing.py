"""Stored payloads of Slack, understood: one ``Event`` each. Pure; what is not Slack's raises Unreadable."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic import ValidationError

from bot.channels.base import Command, CommandName, Event, Inbound, Moved, Nothing, Unreadable
from bot.channels.slack import shapes
from bot.channels.slack.messages import Reader
from bot.channels.slack.mrkdwn import to_words
from bot.channels.slack.names import SLACK, Direct, InChannel, Person, Place, Spot, is_direct, slack_id, timestamp
from bot.inbound_text import clean
from store.counting import counted

PRESS = "press:"
"""How the action_id of our buttons under messages begins; the token is the value."""
ASK = "ask_support"
"""The callback_id of the modal in which a customer asks."""
WANTS_PERSON = "wants_person"
_NO = {"no", "false", "bot"}
_COMMANDS = {
    CommandName.NEW: re.compile(r"new"),
    CommandName.TICKETS: re.compile(r"tickets"),
    CommandName.STATUS: re.compile(r"status(?:\s+#?(\d{1,18}))?"),
    CommandName.HUMAN: re.compile(r"human"),
    CommandName.LANGUAGE: re.compile(r"language(?:\s+([a-z]{2,3}(?:[-_][a-z0-9]{2,8})*))?"),
    CommandName.CLOSE: re.compile(r"close\s+#?(\d{1,18})"),
    CommandName.REOPEN: re.compile(r"reopen\s+#?(\d{1,18})"),
    CommandName.RATE: re.compile(r"rate\s+#?(\d{1,18}\s+\d{1,2})"),
    CommandName.SURVEYS: re.compile(r"surveys\s+(on|off)"),
}
_ADD = re.compile(r"add\s+(#?\d{1,18}(?:\s.*)?)", re.IGNORECASE | re.DOTALL)
_NAMES = {name.value: name for name in (CommandName.ADD, CommandName.CLOSE, CommandName.REOPEN, CommandName.STATUS)}
OWN = "own:"
"""How the action_id of a button about one of the customer's own tickets begins; the command follows, its number is the
value."""


def parse(payload: dict[str, Any]) -> Event:
    """What the stored payload {"kind", "body", "me"} means. Raises Unreadable."""
    try:
        stored = shapes.Stored.model_validate(payload)
        match stored.kind:
            case "event":
                return _event(stored)
            case "action":
                return _press(stored)
            case "command":
                return _command(stored)
            case "view":
                return _submission(stored)
            case "shortcut":
                # It opens a form and says nothing yet.
                return Nothing("a shortcut")
    except ValidationError as error:
        fields = counted(error.error_count(), "field is", "fields are")
        raise Unreadable(f"not a payload of Slack: {fields} wrong") from error


def read_command(text: str) -> Command | None:
    """The command that ``/support TEXT`` gives; None where the text is a question.

    "new" alone opens a conversation, "new laptops cannot sign in" asks about laptops.
    """
    if added := _ADD.fullmatch(text.strip()):
        return Command(CommandName.ADD, added.group(1))
    line = " ".join(text.split()).lower()
    for name, form in _COMMANDS.items():
        if found := form.fullmatch(line):
            return Command(name, (found.group(1) or "") if form.groups else "")
    return None


def _event(stored: shapes.Stored) -> Event:
    body = shapes.EventBody.model_validate(stored.body)
    # In a channel that several workspaces share, the body's own team may be one of theirs.
    authorization = (body.authorizations or [shapes.Authorization()])[0]
    team = slack_id(stored.me.team_id or authorization.team_id or body.team_id, "team")
    match body.event.get("type"):
        case "message" | "app_mention" as kind:
            message = shapes.Message.model_validate(body.event)
            bot_user = stored.me.user_id or authorization.user_id
            return Reader(team, bot_user).read(message, is_mention=kind == "app_mention")
        case "channel_id_changed":
            moved = shapes.Moved.model_validate(body.event)
            old, new = slack_id(moved.old_channel_id, "channel"), slack_id(moved.new_channel_id, "channel")
            return Moved(SLACK, f"{team}:{old}", f"{team}:{new}")
        case str():
            return Nothing("an event that says nothing to us")
    raise Unreadable("an event without a type")


def _press(stored: shapes.Stored) -> Event:
    read = shapes.Interaction.model_validate(stored.body)
    button = next((button for button in read.actions if button.action_id.startswith(PRESS)), None)
    if button is None:
        return _about_own(stored, read)
    if not button.value:
        raise Unreadable("a pressed button without its token")
    team = slack_id(stored.me.team_id or (read.team and read.team.id) or read.user.team_id, "team")
    user = slack_id(read.user.id, "person")
    place, spot = _where_pressed(read, team, user)
    return Inbound(
        channel=SLACK,
        thread=str(place),
        customer=str(Person(slack_id(read.user.team_id or team, "person's team"), user)),
        press=clean(button.value),
        spot=str(spot) if spot else None,
    )


def _about_own(stored: shapes.Stored, read: shapes.Interaction) -> Event:
    """A button of the home tab: what it asks for is answered in the direct messages."""
    button = next((button for button in read.actions if button.action_id.startswith(OWN)), None)
    name = _NAMES.get(button.action_id.removeprefix(OWN)) if button else None
    if button is None or name is None:
        return Nothing("not a button of a message to a customer")
    command = Command(name, clean(button.value or "")[:20])
    team = read.team.id if read.team else None
    return _direct(stored, team, read.user.team_id, read.user.id, "", command)


def _where_pressed(read: shapes.Interaction, team: str, user: str) -> tuple[Place, Spot | None]:
    channel = (read.channel and read.channel.id) or read.container.channel_id
    if channel is None:
        return Direct(team, user), None
    told, container = read.message, read.container
    root = told.thread_ts or container.thread_ts or told.ts or container.message_ts
    slack_id(channel, "channel")
    if is_direct(channel):
        return Direct(team, user), Spot(channel, timestamp(root))
    return InChannel(team, channel, timestamp(root)), None


def _command(stored: shapes.Stored) -> Event:
    read = shapes.SlashCommand.model_validate(stored.body)
    text = clean(to_words(read.text))
    if not text or text.lower() == "help":
        return Nothing("answered on the spot")
    command = read_command(text)
    is_said = command is None or command.name is CommandName.ADD
    return _direct(stored, read.team_id, read.team_id, read.user_id, text if is_said else "", command)


def _submission(stored: shapes.Stored) -> Event:
    read = shapes.Submission.model_validate(stored.body)
    if read.view.callback_id != ASK:
        return Nothing("a form that is no question")
    values = _values(read.view.state)
    asked = values.get("question", values.get("text"))
    said = asked.get("value") if isinstance(asked, dict) else None
    about = _about(read.view.private_metadata)
    text = clean("\n\n".join(part for part in ((said if isinstance(said, str) else "").strip(), about) if part))
    command = Command(CommandName.HUMAN) if _is_set(values.get(WANTS_PERSON)) else None
    if not text and command is None:
        raise Unreadable("a question without words")
    return _direct(stored, read.team.id if read.team else None, read.user.team_id, read.user.id, text, command)


def _direct(
    stored: shapes.Stored,
    team: str | None,
    author_team: str | None,
    user: str | None,
    text: str,
    command: Command | None,
) -> Inbound:
    installation = slack_id(stored.me.team_id or team or author_team, "team")
    person = Person(slack_id(author_team or installation, "person's team"), slack_id(user, "person"))
    place = Direct(installation, person.user)
    return Inbound(SLACK, str(place), str(person), text, command=command)


def _values(state: dict[str, Any] | None) -> dict[str, Any]:
    """What was entered, by the block's id and by the action's."""
    blocks = (state or {}).get("values")
    found: dict[str, Any] = {}
    for block_id, actions in (blocks if isinstance(blocks, dict) else {}).items():
        for action_id, entered in (actions if isinstance(actions, dict) else {}).items():
            found.setdefault(action_id, entered)
            found[block_id] = entered
    return found


def _is_set(entered: Any) -> bool:
    if not isinstance(entered, dict):
        return False
    chosen = entered.get("selected_option")
    return bool(entered.get("selected_options")) or (isinstance(chosen, dict) and chosen.get("value") not in _NO)


def _about(private_metadata: str) -> str:
    """The message that the question is about, which the form carries as {"about": its text or its address}."""
    try:
        carried = json.loads(private_metadata or "{}")
    except (ValueError, RecursionError):
        return ""
    about = carried.get("about") if isinstance(carried, dict) else None
    return about.strip() if isinstance(about, str) else ""
