"""A place where people write: channel, group, direct messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .model import Message
from .registry import Json

if TYPE_CHECKING:
    from .people import Person
    from .teams import Team
    from .world import SlackWorld

TYPES = {"public": "channel", "private": "group", "mpim": "mpim", "im": "im"}
SUBSCRIPTIONS = {"public": "message.channels", "private": "message.groups", "mpim": "message.mpim", "im": "message.im"}
SCOPES = {"public": "channels", "private": "groups", "mpim": "mpim", "im": "im"}
ANY = object()


@dataclass(eq=False)
class Channel:
    """``members``: ids of people; ``bots``: ids of the teams whose bot is in it."""

    team: Team
    id: str
    name: str
    kind: str
    members: list[str] = field(default_factory=list)
    bots: set[str] = field(default_factory=set)
    is_archived: bool = False
    shared: list[Team] = field(default_factory=list)
    """Other teams that see it (Slack Connect)."""
    created: int = 0
    log: list[Message] = field(default_factory=list)
    """Every message ever, ephemeral and deleted ones too."""
    statuses: dict[str, Json] = field(default_factory=dict)
    """Per thread: what assistant.threads.* set."""

    @property
    def world(self) -> SlackWorld:
        return self.team.world

    @property
    def teams(self) -> list[Team]:
        return [self.team, *self.shared]

    @property
    def messages(self) -> list[Message]:
        """What everybody here sees, oldest first."""
        with self.world.changed:
            return [message for message in self.log if not message.is_deleted and message.only_for is None]

    @property
    def bot_messages(self) -> list[Message]:
        return [message for message in self.messages if message.bot_id is not None]

    def thread(self, ts: str) -> list[Message]:
        """The root and its replies, oldest first."""
        return [message for message in self.messages if message.root == ts]

    def ephemerals(self, person: Person) -> list[Message]:
        """What only this person sees here."""
        with self.world.changed:
            return [message for message in self.log if message.only_for == person.id and not message.is_deleted]

    def find(self, ts: str) -> Message | None:
        return next((message for message in self.log if message.ts == ts and not message.is_deleted), None)

    def share_with(self, team: Team) -> None:
        """Slack Connect: people of the other team may join, and see it under the same id."""
        with self.world.moving():
            self.shared.append(team)

    def archive(self) -> None:
        with self.world.moving():
            self.is_archived = True

    def remove_bot(self) -> None:
        with self.world.moving():
            self.bots.clear()

    def wait_for_bot(
        self, words: str = "", thread_ts: object = ANY, count: int = 1, timeout: float = 60, after: str = ""
    ) -> Message:
        """The newest message of a bot with these words, once there are ``count`` of them.

        ``thread_ts``: only in that thread; None: only outside threads. ``after``: only with a later ts.

        Raises:
            AssertionError: it did not come; says what is there.
        """

        def found() -> Message | None:
            fitting = [
                message
                for message in self.bot_messages
                if words in message.words and message.ts > after and thread_ts in (ANY, message.thread_ts)
            ]
            return fitting[-1] if len(fitting) >= count else None

        return self.world.wait_for(
            found, timeout, lambda: f"no bot message with {words!r} in {self.name}: {self.messages}"
        )

    def facts(self, viewer: Team) -> Json:
        """The channel object, as ``conversations.info`` gives it to this team."""
        is_member = viewer.id in self.bots
        facts: Json = {
            "id": self.id,
            "created": self.created,
            "is_im": self.kind == "im",
            "is_mpim": self.kind == "mpim",
            "is_org_shared": False,
            "is_archived": self.is_archived,
            "context_team_id": viewer.id,
            "updated": self.created * 1000,
        }
        if self.kind == "im":
            return {**facts, "user": self.members[0], "is_user_deleted": False, "priority": 0}
        return {
            **facts,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": self.kind == "public",
            "is_group": self.kind == "private",
            "is_private": self.kind != "public",
            "is_general": False,
            "is_shared": bool(self.shared),
            "is_ext_shared": bool(self.shared),
            "is_member": is_member,
            "shared_team_ids": [team.id for team in self.teams],
            "creator": self.members[0] if self.members else "",
            "topic": {"value": "", "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        }
