"""A person at Slack, and what she can do. Every act reaches the app as Slack would report it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import events, posting
from .acting import Acting
from .channels import Channel
from .model import File, Message, View, as_stored, rich_text
from .registry import Json

if TYPE_CHECKING:
    from .delivery import Delivery
    from .teams import Team


@dataclass(eq=False)
class Person(Acting):
    """``modals``: open ones, the last is on top. ``home``: the App Home that the app published for her."""

    team: Team
    id: str
    name: str
    real_name: str
    email: str | None
    tz: str
    locale: str
    is_guest: bool = False
    is_deleted: bool = False
    modals: list[View] = field(default_factory=list)
    home: View | None = None

    def __repr__(self) -> str:
        return f"<Person {self.name} {self.id} of {self.team.id}>"

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"

    @property
    def dm(self) -> Channel:
        """Her direct messages with the bot of her own workspace."""
        return self.team.dm(self)

    @property
    def modal(self) -> View:
        """The modal on top.

        Raises:
            AssertionError: none is open.
        """
        assert self.modals, f"{self.name} has no modal open"
        return self.modals[-1]

    def wait_for_modal(self, words: str = "", timeout: float = 60) -> View:
        """The modal on top, once it shows these words in its title or body."""

        def shown() -> View | None:
            top = self.modals[-1] if self.modals else None
            return top if top is not None and words in f"{top.title}\n{top.words}" else None

        return self.team.world.wait_for(shown, timeout, lambda: f"no modal with {words!r}: {self.modals}")

    def wait_for_home(self, words: str = "", timeout: float = 60) -> View:
        """Her App Home, once it shows these words."""

        def shown() -> View | None:
            return self.home if self.home is not None and words in self.home.words else None

        there = self.home
        return self.team.world.wait_for(
            shown, timeout, lambda: f"no App Home with {words!r}: {there.words if there else None}"
        )

    # Writing

    def says(
        self,
        text: str,
        channel: Channel,
        thread_ts: str | None = None,
        files: Sequence[tuple[str, bytes, str]] = (),
        broadcast: bool = False,
    ) -> Message:
        """Write a message; ``files``: name, bytes and media type of each. Returns at once.

        Raises:
            ValueError: she is not in the channel, or the thread is not there.
        """
        world = self.team.world
        with world.moving():
            self._must_be_in(channel)
            if thread_ts is not None and channel.find(thread_ts) is None:
                raise ValueError(f"there is no message {thread_ts} in {channel.name} to reply to")
            kept = as_stored(text, channel.team)
            sent = [posting.new_file(self.team, name, data, kind, self.id) for name, data, kind in files]
            message = Message(
                channel, world.clock.stamp(), self.id, self.team.id, kept, thread_ts=thread_ts, files=sent
            )
            message.blocks = rich_text(kept, world.new_hash()[-5:]) if kept else []
            message.client_msg_id = str(uuid.UUID(int=int(message.ts.replace(".", ""))))
            message.subtype = "file_share" if sent else "thread_broadcast" if broadcast else None
            return posting.post(channel, message)

    def edits(self, message: Message, text: str) -> None:
        """Change her own message."""
        with self.team.world.moving():
            self._must_own(message)
            kept = as_stored(text, message.channel.team)
            posting.change(message, self.id, text=kept, blocks=rich_text(kept, self.team.world.new_hash()[-5:]))

    def deletes(self, message: Message) -> None:
        with self.team.world.moving():
            self._must_own(message)
            posting.remove(message)

    def reacts(self, message: Message, name: str) -> None:
        with self.team.world.moving():
            message.reactions.setdefault(name, []).append(self.id)
            self._tell(message.channel, lambda team, ts: events.reacted(self, message, name, ts))

    # Coming and going

    def joins(self, channel: Channel) -> None:
        with self.team.world.moving():
            channel.members.append(self.id)
            channel.team.welcomes(self.id, self.team, channel, joined=True)

    def leaves(self, channel: Channel) -> None:
        with self.team.world.moving():
            channel.members.remove(self.id)
            channel.team.welcomes(self.id, self.team, channel, joined=False)

    def opens_home(self, tab: str = "home") -> Delivery | None:
        """Open the app's page: ``tab`` is home or messages."""
        with self.team.world.moving():
            event = events.home_opened(self, tab, self.team.world.clock.stamp())
            return self.team.world.emit(event, self.team)

    def changes_profile(self, **fields: str) -> None:
        """Set name, real_name, email, tz or locale; tells user_change."""
        with self.team.world.moving():
            for name, value in fields.items():
                setattr(self, name, value)
            stamp = self.team.world.clock.stamp()
            self.team.world.emit({"type": "user_change", "user": self.facts(), "event_ts": stamp}, self.team)

    def leaves_company(self) -> None:
        """Her account is deactivated."""
        with self.team.world.moving():
            self.is_deleted = True

    def facts(self, with_email: bool = True, with_locale: bool = True, stranger: bool = False) -> Json:
        """The user object of ``users.info``."""
        profile: Json = {"real_name": self.real_name, "display_name": self.name, "team": self.team.id}
        profile |= {"real_name_normalized": self.real_name, "display_name_normalized": self.name, "status_text": ""}
        if with_email and self.email and not stranger:
            profile["email"] = self.email
        user: Json = {
            "id": self.id,
            "team_id": self.team.id,
            "name": self.name,
            "deleted": self.is_deleted,
            "real_name": self.real_name,
            "tz": self.tz,
            "tz_label": self.tz,
            "tz_offset": 0,
            "profile": profile,
            "is_bot": False,
            "is_app_user": False,
            "is_admin": False,
            "is_restricted": self.is_guest,
            "is_ultra_restricted": False,
            "updated": int(self.team.world.clock.now()),
        }
        return user | ({"locale": self.locale} if with_locale else {}) | ({"is_stranger": True} if stranger else {})

    def sees_file(self, file: File) -> bool:
        return any(self.id in channel.members for channel, _ in file.shares)

    def _must_be_in(self, channel: Channel) -> None:
        if self.id not in channel.members:
            raise ValueError(f"{self.name} is not in {channel.name}")

    def _must_own(self, message: Message) -> None:
        if message.user != self.id:
            raise ValueError(f"{self.name} did not write {message}")

    def _tell(self, channel: Channel, build: Callable[[Team, str], Json]) -> None:
        hearing = posting.listener(channel)
        if hearing is not None:
            posting.tell(channel, build(hearing, self.team.world.clock.stamp()), hearing)
