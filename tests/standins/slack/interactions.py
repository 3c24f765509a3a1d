"""What a person does with buttons, commands and modals, as payloads; and what becomes of the app's answer."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import events
from .model import Message, View, elements_of
from .registry import Json, Refused
from .viewing import checked_view, new_view

if TYPE_CHECKING:
    from .channels import Channel
    from .delivery import Delivery
    from .people import Person
    from .teams import Team


@dataclass
class Trigger:
    """The right to open one modal, for a moment."""

    team: Team
    person: Person
    at: float
    view: View | None = None
    """The modal that was acted in, if it was one: only then may another be pushed on it."""
    is_used: bool = False


@dataclass
class ResponseUrl:
    """The right to answer in a place, a few times."""

    team: Team
    channel: Channel
    person: Person
    at: float
    message: Message | None = None
    uses: int = 0


def frame(person: Person, team: Team, kind: str, view: View | None = None) -> Json:
    """What every payload of a person has; mints a trigger."""
    world = team.world
    trigger = f"{world.new_id('')}.{team.id}.{world.clock.stamp().replace('.', '')}"
    world.triggers[trigger] = Trigger(team, person, world.clock.now(), view)
    return {
        "type": kind,
        "user": {"id": person.id, "username": person.name, "name": person.name, "team_id": person.team.id},
        "api_app_id": world.app.id,
        "token": "verification",
        "team": {"id": team.id, "domain": team.domain},
        "enterprise": None,
        "is_enterprise_install": False,
        "trigger_id": trigger,
    }


def response_url(team: Team, channel: Channel, person: Person, message: Message | None = None) -> str:
    world = team.world
    key = world.new_id("R")
    world.response_urls[key] = ResponseUrl(team, channel, person, world.clock.now(), message)
    return f"{world.url}/actions/{team.id}/{key}"


def place(channel: Channel) -> Json:
    names = {"im": "directmessage", "mpim": "directmessage", "private": "privategroup"}
    return {"id": channel.id, "name": names.get(channel.kind, channel.name)}


def find_element(blocks: list[Json], wanted: str) -> tuple[Json, Json]:
    """The element with this action_id or label, and its block.

    Raises:
        ValueError: there is none, or more than one with the label.
    """
    every = list(elements_of(blocks))
    by_id = [pair for pair in every if pair[1]["action_id"] == wanted]
    by_label = [pair for pair in every if label_of(pair[1]) == wanted]
    found = by_id or by_label
    if len(found) != 1:
        there = [label_of(element) or element["action_id"] for _, element in every]
        raise ValueError(f"{len(found)} elements are called {wanted!r}; there are {there}")
    return found[0]


def label_of(element: Json) -> str:
    text = element.get("text")
    return str(text.get("text", "")) if isinstance(text, dict) else ""


def action(block: Json, element: Json, ts: str, choice: str | None = None) -> Json:
    """One entry of ``actions``: a pressed button, or a chosen option."""
    done: Json = {"type": element["type"], "action_id": element["action_id"], "block_id": block["block_id"]}
    if choice is not None:
        done |= chosen(element, choice)
    done |= {key: copy.deepcopy(element[key]) for key in ("text", "value", "url", "style") if key in element}
    return {**done, "action_ts": ts}


def chosen(element: Json, choice: Any) -> Json:
    """The state of an input element once somebody filled it so. Options go by value or by label."""
    kind = element["type"]
    if kind in ("static_select", "radio_buttons", "overflow"):
        return {"type": kind, "selected_option": _option(element, choice)}
    if kind in ("checkboxes", "multi_static_select"):
        return {"type": kind, "selected_options": [_option(element, one) for one in choice or ()]}
    names = {
        "users_select": "selected_user",
        "conversations_select": "selected_conversation",
        "channels_select": "selected_channel",
        "datepicker": "selected_date",
        "timepicker": "selected_time",
    }
    return {"type": kind, names.get(kind, "value"): choice}


def _option(element: Json, choice: Any) -> Json | None:
    if choice is None:
        return None
    groups = [group["options"] for group in element.get("option_groups", ())]
    options: list[Json] = [*element.get("options", ()), *(option for group in groups for option in group)]
    for option in options:
        if choice in (option["value"], option["text"]["text"]):
            return copy.deepcopy(option)
    raise ValueError(f"{choice!r} is no option of {element['action_id']}: {[one['value'] for one in options]}")


def on_message(person: Person, message: Message, team: Team, done: Json) -> Json:
    """block_actions of a message."""
    channel = message.channel
    container: Json = {"type": "message", "message_ts": message.ts, "channel_id": channel.id}
    container["is_ephemeral"] = message.only_for is not None
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    payload = frame(person, team, "block_actions")
    payload |= {"container": container, "channel": place(channel), "state": {"values": {}}, "actions": [done]}
    if message.only_for is None:
        payload["message"] = events.stored(message, team)
    return {**payload, "response_url": response_url(team, channel, person, message)}


def on_view(person: Person, view: View, done: Json) -> Json:
    """block_actions of a modal or App Home."""
    payload = frame(person, view.team, "block_actions", view)
    return {
        **payload,
        "container": {"type": "view", "view_id": view.id},
        "view": view.facts(),
        "actions": [done],
    }


def fill(view: View, values: Json) -> None:
    """Type into a modal. Keys: block_id, action_id or label of an input.

    Raises:
        ValueError: no such input, or Slack's own client would not let it be submitted (required, too long).
    """
    inputs = [block for block in view.blocks if block["type"] == "input"]
    rest = dict(values)
    for block in inputs:
        element = block["element"]
        names = (block["block_id"], element["action_id"], block["label"]["text"])
        name = next((one for one in names if one in rest), None)
        value = rest.pop(name) if name is not None else element.get("initial_value")
        if value in (None, "", []) and not block.get("optional"):
            raise ValueError(f"Slack does not submit this: {block['label']['text']!r} is required")
        if isinstance(value, str) and len(value) > element.get("max_length", 3000):
            raise ValueError(f"Slack does not submit this: {block['label']['text']!r} is too long")
        view.typed[block["block_id"]] = {element["action_id"]: chosen(element, value)}
    if rest:
        raise ValueError(f"the modal has no inputs {sorted(rest)}; it has {[b['block_id'] for b in inputs]}")


@dataclass(eq=False)
class Submission:
    """A submitted modal, and what the app made of it."""

    view: View
    delivery: Delivery | None = None
    errors: dict[str, str] = field(default_factory=dict)
    """By block_id; with the key "" what Slack says itself when the app fails."""
    closed: bool = False

    def settle(self, delivery: Delivery) -> None:
        """Do what the acknowledgement says. Called under the world's lock."""
        if not delivery.acknowledged:
            self.errors = {"": "We had some trouble connecting. Try again?"}
            return
        said = delivery.answer
        try:
            self._obey(said if isinstance(said, dict) else {})
        except Refused as refused:
            self.errors = {"": f"We had some trouble connecting: {refused.error} {refused.details}"}

    def _obey(self, said: Json) -> None:
        wanted = said.get("response_action")
        person = self.view.person
        if wanted is None:
            self._close([self.view])
        elif wanted == "clear":
            self._close(list(person.modals))
        elif wanted == "errors":
            self._show(said.get("errors"))
        elif wanted == "update":
            self.view.content = checked_view(said.get("view"), "modal")
            self.view.hash = self.view.team.world.new_hash()
        elif wanted == "push":
            if len(person.modals) >= 3:
                raise Refused("push_limit_reached")
            new_view(self.view.team, person, checked_view(said.get("view"), "modal"), self.view)
        else:
            raise Refused("invalid_response_action")

    def _close(self, views: list[View]) -> None:
        self.closed = True
        for view in views:
            view.is_open = False
            view.person.modals = [one for one in view.person.modals if one is not view]

    def _show(self, errors: Any) -> None:
        inputs = {block["block_id"] for block in self.view.blocks if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
            raise Refused("invalid_errors", "errors are keyed by the block_id of an input")
        self.errors = {key: str(value) for key, value in errors.items()}
