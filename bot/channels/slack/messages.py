"""Slack's events about messages, understood. Pure, like all of ``parsing``."""

from __future__ import annotations

import json
from typing import Any

from bot.channels.base import (
    Command,
    CommandName,
    Deleted,
    Edited,
    Event,
    Inbound,
    Nothing,
    RemoteFile,
    Unreadable,
)
from bot.channels.slack.mrkdwn import mentions, to_words
from bot.channels.slack.names import SLACK, Direct, InChannel, Person, Place, Spot, is_direct, slack_id, timestamp
from bot.channels.slack.shapes import File, Message
from bot.channels.slack.words import sentences
from bot.inbound_text import clean

SAID = {None, "file_share", "thread_broadcast", "me_message"}
"""Subtypes of what a person says. Others tell of joins, topics, pins, bots."""
_SLACKBOT = "USLACKBOT"
_DEEPEST = 12
_WITHIN_A_LINE = {"text", "link", "user", "usergroup", "channel", "broadcast", "emoji", "date", "color"}


def _asks_for_tickets() -> set[str]:
    return {words["prompt_tickets_message"] for words in sentences().values()}


class Reader:
    """Reads what is said where the bot of one installation is."""

    def __init__(self, team: str, bot_user: str | None) -> None:
        self._team = team
        self._bot_user = bot_user

    def read(self, event: Message, *, is_mention: bool) -> Event:
        """What a ``message`` or ``app_mention`` event means. Raises Unreadable."""
        match event.subtype:
            case "message_changed":
                return self._changed(event)
            case "message_deleted":
                return self._deleted(event)
            case subtype if subtype not in SAID:
                return Nothing("a message of a kind that no customer writes")
        if self._is_from_a_bot(event):
            return Nothing("said by a bot")
        return self._said(event, is_mention=is_mention)

    def _said(self, event: Message, *, is_mention: bool) -> Event:
        channel, author = slack_id(event.channel, "channel"), slack_id(event.user, "author")
        is_private = is_direct(channel, event.channel_type)
        raw = event.text or _text_of(event)
        is_addressed = is_private or is_mention or mentions(raw, self._bot_user)
        if not is_addressed and event.thread_ts in (None, event.ts):
            return Nothing("said among people")
        text = clean(to_words(raw, self._bot_user))
        return Inbound(
            channel=SLACK,
            thread=str(self._place(channel, author, event, is_private=is_private)),
            customer=str(Person(self._author_team(event), author)),
            text=text,
            # What the messages tab suggests is no question to the knowledge base.
            command=Command(CommandName.TICKETS) if is_private and text.strip() in _asks_for_tickets() else None,
            external_id=timestamp(event.ts),
            remote_files=tuple(_remote(self._team, file) for file in event.files or ()),
            is_addressed=is_addressed,
            spot=str(Spot(channel, timestamp(event.thread_ts or event.ts))) if is_private else None,
        )

    def _changed(self, event: Message) -> Event:
        now, before = event.message, event.previous_message
        if now is None:
            raise Unreadable("a change without the message")
        if self._is_from_a_bot(before or now):
            return Nothing("a bot changed its own message")
        if now.subtype == "tombstone":
            # The root of a thread stays as a stone when it is deleted, and is Slackbot's then.
            return self._gone(event, before or now, now.ts)
        if now.subtype not in SAID:
            return Nothing("a message of a kind that no customer writes")
        if (before is not None and before.text == now.text) or (before is None and now.edited is None):
            return Nothing("only its preview changed")
        place = self._place_of(event, now)
        text = clean(to_words(now.text or _text_of(now), self._bot_user))
        return Edited(SLACK, str(place), timestamp(now.ts), text)

    def _deleted(self, event: Message) -> Event:
        before = event.previous_message
        if before is None:
            raise Unreadable("a deletion that does not say of what")
        if self._is_from_a_bot(before) or before.subtype == "tombstone":
            return Nothing("not a customer's message")
        return self._gone(event, before, event.deleted_ts or before.ts)

    def _gone(self, event: Message, before: Message, ts: str | None) -> Event:
        return Deleted(SLACK, str(self._place_of(event, before)), timestamp(ts))

    def _place_of(self, event: Message, message: Message) -> Place:
        channel = slack_id(event.channel, "channel")
        is_private = is_direct(channel, event.channel_type)
        author = slack_id(message.user, "author") if is_private else ""
        return self._place(channel, author, message, is_private=is_private)

    def _place(self, channel: str, author: str, message: Message, *, is_private: bool) -> Place:
        if is_private:
            return Direct(self._team, author)
        return InChannel(self._team, channel, timestamp(message.thread_ts or message.ts))

    def _author_team(self, event: Message) -> str:
        """In a shared channel the author may be of another workspace; where it is of an organisation's, ids with E
        name the organisation, which is no team."""
        told = (event.user_team, event.source_team, event.team)
        return slack_id(next((team for team in told if team and team.startswith("T")), self._team), "author's team")

    def _is_from_a_bot(self, message: Message) -> bool:
        return bool(message.bot_id) or message.subtype == "bot_message" or message.user in (self._bot_user, _SLACKBOT)


def file_ref(team: str, file_id: str, url: str | None) -> str:
    """What ``fetching`` needs to find a file again. Holds no token."""
    return json.dumps({"team": team, "id": file_id, "url": url})


def _remote(team: str, file: File) -> RemoteFile:
    is_known = file.file_access != "check_file_info" and file.mode != "tombstone"
    url = (file.url_private_download or file.url_private) if is_known else None
    return RemoteFile(
        ref=file_ref(team, slack_id(file.id, "file"), url),
        name=clean(file.name or file.title or "file"),
        media_type=file.mimetype or RemoteFile.media_type,
        size=file.size,
    )


def _text_of(message: Message) -> str:
    """The words of a message that has only blocks or attachments, as plainly as they are found."""
    lines = [*_strings(message.blocks, 0), *_attachments(message.attachments or [])]
    return "\n".join(line for line in lines if line.strip())


def _attachments(attachments: list[Any]) -> list[str]:
    found = []
    for attachment in attachments:
        if isinstance(attachment, dict):
            told = (attachment.get(field) for field in ("text", "fallback", "title"))
            found.append(next((text for text in told if isinstance(text, str)), ""))
    return found


def _strings(part: Any, depth: int) -> list[str]:
    """Every ``text`` and ``url`` below ``part``, a line per section."""
    if depth > _DEEPEST:
        return []
    if isinstance(part, list):
        lines = [line for each in part for line in _strings(each, depth + 1)]
        is_run = all(isinstance(each, dict) and each.get("type") in _WITHIN_A_LINE for each in part)
        return ["".join(lines)] if is_run and lines else lines
    if not isinstance(part, dict):
        return []
    if isinstance(part.get("text"), str):
        return [part["text"]]
    if part.get("type") == "user" and isinstance(part.get("user_id"), str):
        return [f"<@{part['user_id']}>"]
    if isinstance(part.get("url"), str):
        return [part["url"]]
    return _strings(part.get("text") or part.get("elements"), depth + 1)
