"""What a person does with an app: press, choose, command, submit. Mixed into Person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from . import events, interactions, posting
from .channels import Channel
from .delivery import Delivery
from .interactions import Submission
from .layout import check_message_blocks
from .model import Message, View
from .registry import Json, Refused

if TYPE_CHECKING:
    from .people import Person
    from .teams import Team


class Acting:
    @property
    def _me(self) -> Person:
        return cast("Person", self)

    def clicks(self, target: Message | View, wanted: str, wait: bool = True) -> Delivery:
        """Press the button with this label or action_id; waits for the app's acknowledgement unless told not to.

        Raises:
            ValueError: there is no such button, or she cannot see it.
        """
        return self._acts(target, wanted, None, wait)

    def chooses(self, target: Message | View, wanted: str, choice: str, wait: bool = True) -> Delivery:
        """Choose an option (by label or value) in the element with this action_id."""
        return self._acts(target, wanted, choice, wait)

    def _acts(self, target: Message | View, wanted: str, choice: str | None, wait: bool) -> Delivery:
        me = self._me
        world = me.team.world
        with world.moving():
            block, element = interactions.find_element(target.blocks, wanted)
            if isinstance(element.get("text"), dict) and choice is None and element["type"] != "button":
                raise ValueError(f"{wanted!r} is no button")
            done = interactions.action(block, element, world.clock.stamp(), choice)
            if isinstance(target, View):
                if not target.is_open or target.person is not me:
                    raise ValueError(f"{me.name} does not see this view")
                payload = interactions.on_view(me, target, done)
            else:
                payload = interactions.on_message(me, target, self._app_in(target), done)
            delivery = world.send("interactive", payload)
        return delivery.wait() if wait else delivery

    def _app_in(self, message: Message) -> Team:
        me, channel = self._me, message.channel
        sees = me.id in channel.members and message.only_for in (None, me.id) and not message.is_deleted
        if not sees:
            raise ValueError(f"{me.name} does not see {message}")
        team = posting.listener(channel) or channel.team
        return team

    def shortcut(self, callback_id: str, message: Message, wait: bool = True) -> Delivery:
        """Use a message shortcut of the app (``message_action``)."""
        me = self._me
        with me.team.world.moving():
            team = me.team if me.team.is_installed else self._app_in(message)
            payload = interactions.frame(me, team, "message_action")
            payload |= {"callback_id": callback_id, "action_ts": me.team.world.clock.stamp()}
            payload |= {"channel": interactions.place(message.channel), "message_ts": message.ts}
            payload["message"] = events.stored(message, team)
            payload["response_url"] = interactions.response_url(team, message.channel, me)
            delivery = me.team.world.send("interactive", payload)
        return delivery.wait() if wait else delivery

    def global_shortcut(self, callback_id: str, wait: bool = True) -> Delivery:
        me = self._me
        with me.team.world.moving():
            payload = interactions.frame(me, me.team, "shortcut")
            payload |= {"callback_id": callback_id, "action_ts": me.team.world.clock.stamp()}
            delivery = me.team.world.send("interactive", payload)
        return delivery.wait() if wait else delivery

    def runs(self, command: str, text: str, channel: Channel, wait: bool = True) -> Delivery:
        """Run a slash command in a place (never in a thread: Slack does not). Its answer appears there.

        Raises:
            ValueError: the app has no such command, or she is not in the place.
        """
        me = self._me
        world = me.team.world
        with world.moving():
            if command not in world.app.commands or not me.team.is_installed or "commands" not in me.team.scopes:
                raise ValueError(f"{command} is not a valid command")
            if me.id not in channel.members:
                raise ValueError(f"{me.name} is not in {channel.name}")
            payload = self._command(command, text, channel)
            delivery = world.send("slash_commands", payload, lambda done: _answered(done, me, channel))
        return delivery.wait() if wait else delivery

    def _command(self, command: str, text: str, channel: Channel) -> Json:
        me = self._me
        framed = interactions.frame(me, me.team, "command")
        where = interactions.place(channel)
        return {
            "token": "verification",
            "team_id": me.team.id,
            "team_domain": me.team.domain,
            "channel_id": where["id"],
            "channel_name": where["name"],
            "user_id": me.id,
            "user_name": me.name,
            "command": command,
            "text": text.strip(),
            "api_app_id": me.team.world.app.id,
            "is_enterprise_install": "false",
            "response_url": interactions.response_url(me.team, channel, me),
            "trigger_id": framed["trigger_id"],
        }

    def submits(self, view: View, values: Json | None = None, wait: bool = True) -> Submission:
        """Fill in a modal and send it. Keys: block_id, action_id or label; options by value or label."""
        me = self._me
        world = me.team.world
        submission = Submission(view)
        with world.moving():
            if view not in me.modals:
                raise ValueError(f"{me.name} does not have {view.title!r} open")
            if "submit" not in view.content:
                raise ValueError(f"{view.title!r} has nothing to submit")
            interactions.fill(view, values or {})
            payload = interactions.frame(me, view.team, "view_submission", view)
            payload |= {"view": view.facts(), "response_urls": []}
            submission.delivery = world.send("interactive", payload, submission.settle)
        if wait:
            submission.delivery.wait()
        return submission

    def closes(self, view: View) -> Delivery | None:
        """Close a modal; the app hears of it if it asked to."""
        me = self._me
        with me.team.world.moving():
            me.modals = [one for one in me.modals if one is not view]
            view.is_open = False
            if not view.content.get("notify_on_close"):
                return None
            payload = interactions.frame(me, view.team, "view_closed", view)
            del payload["trigger_id"]
            payload |= {"view": view.facts(), "is_cleared": False}
            return me.team.world.send("interactive", payload)


def _answered(delivery: Delivery, person: Person, channel: Channel) -> None:
    """What Slack shows for the answer to a command. Called under the world's lock."""
    team = person.team
    if not delivery.acknowledged:
        text = f"{delivery.payload['command']} failed with the error operation_timeout"
        posting.post(channel, _slackbot(channel, person, text))
        return
    said = delivery.answer
    if said is None:
        return
    answer = {"text": said} if isinstance(said, str) else said
    try:
        show(channel, team, person, answer)
    except Refused as refused:
        team.world.complain(f"a command was answered with what Slack cannot show: {refused.error} {refused.details}")


def _slackbot(channel: Channel, person: Person, text: str) -> Message:
    stamp = channel.world.clock.stamp()
    return Message(channel, stamp, "USLACKBOT", person.team.id, text, only_for=person.id)


def show(channel: Channel, team: Team, person: Person, said: Json) -> Message:
    """A message by response_url or in answer to a command: for one person unless it says ``in_channel``.

    Raises:
        Refused: no_text, invalid_blocks …
    """
    blocks: Any = said.get("blocks") or []
    if not said.get("text") and not blocks:
        raise Refused("no_text")
    if not isinstance(blocks, list):
        raise Refused("invalid_blocks_format")
    kept = check_message_blocks(blocks)
    only = None if said.get("response_type") == "in_channel" else person.id
    message = posting.by_bot(channel, team, str(said.get("text") or ""), blocks=kept, only_for=only)
    message.thread_ts = said.get("thread_ts")
    return posting.post(channel, message)
