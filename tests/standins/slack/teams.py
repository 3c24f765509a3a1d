"""A workspace and the app's place in it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import events, posting
from .channels import Channel
from .model import File
from .people import Person

if TYPE_CHECKING:
    from .world import SlackWorld

BOT_SCOPES = frozenset(
    {
        "app_mentions:read",
        "assistant:write",
        "channels:history",
        "channels:join",
        "channels:read",
        "chat:write",
        "chat:write.customize",
        "chat:write.public",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "groups:write",
        "im:history",
        "im:read",
        "im:write",
        "mpim:history",
        "mpim:read",
        "mpim:write",
        "reactions:read",
        "reactions:write",
        "team:read",
        "users:read",
        "users:read.email",
        "users:write",
    }
)
"""Every bot scope that can be asked for here."""
DEFAULT_SCOPES = BOT_SCOPES - {"chat:write.public"}


@dataclass
class App:
    """The app under test, as its settings page knows it."""

    id: str = "A0FIRSTLINE"
    name: str = "Firstline"
    client_id: str = "1111.2222"
    client_secret: str = "client-secret"
    signing_secret: str = "signing-secret"
    app_token: str = "xapp-1-A0FIRSTLINE-1-secret"
    app_scopes: set[str] = field(default_factory=lambda: {"connections:write"})
    subscribed: set[str] = field(default_factory=lambda: set(events.SCOPE_OF))
    redirect_uris: list[str] = field(default_factory=list)
    """Empty: any address may be redirected to."""
    commands: set[str] = field(default_factory=lambda: {"/support"})
    rotates_tokens: bool = False
    home_tab: bool = True
    messages_tab: bool = True
    socket_mode: bool = True


@dataclass(frozen=True)
class Bot:
    user_id: str
    bot_id: str
    name: str

    @property
    def mention(self) -> str:
        return f"<@{self.user_id}>"


@dataclass
class Grant:
    """What one token is good for."""

    team: Team | None
    kind: str
    """bot, app or refresh."""
    expires: float | None = None
    trouble: str | None = None
    """The error that it is refused with, once it is not good any more."""


@dataclass(eq=False)
class Team:
    world: SlackWorld
    id: str
    name: str
    domain: str
    bot: Bot
    scopes: set[str]
    bot_token: str = ""
    is_installed: bool = False
    people: list[Person] = field(default_factory=list)
    channels: list[Channel] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"<Team {self.id}>"

    def add_person(
        self,
        name: str,
        *,
        real_name: str = "",
        email: str | None = None,
        tz: str = "Europe/London",
        locale: str = "en-GB",
        id: str | None = None,
        is_guest: bool = False,
    ) -> Person:
        """Somebody with an account here."""
        with self.world.moving():
            real = real_name or name.title()
            person = Person(self, id or self.world.new_id("U"), name, real, email, tz, locale, is_guest=is_guest)
            self.people.append(person)
            return person

    def add_channel(
        self,
        name: str,
        *,
        members: Iterable[Person] = (),
        bot: bool = True,
        kind: str = "public",
        archived: bool = False,
        shared_with: Sequence[Team] = (),
        id: str | None = None,
    ) -> Channel:
        """``kind``: public, private or mpim. ``bot``: the app's bot is in it (in every team that has the app)."""
        with self.world.moving():
            teams = [self, *shared_with]
            bots = {team.id for team in teams if team.is_installed} if bot else set()
            at = int(self.world.clock.now())
            people = [person.id for person in members]
            identity = id or self.world.new_id("C")
            channel = Channel(self, identity, name, kind, people, bots, archived, list(shared_with), at)
            self.channels.append(channel)
            return channel

    def dm(self, person: Person) -> Channel:
        """The direct messages of a person with this team's bot."""
        with self.world.moving():
            known = (c for c in self.channels if c.kind == "im" and c.members == [person.id])
            found = next(known, None)
            if found is None:
                at = int(self.world.clock.now())
                found = Channel(self, self.world.new_id("D"), "directmessage", "im", [person.id], {self.id}, created=at)
                self.channels.append(found)
            return found

    def named(self, name: str) -> str | None:
        """The id of the person or bot with this handle."""
        people = {person.name: person.id for person in self.people} | {self.bot.name: self.bot.user_id}
        return people.get(name)

    def file(self, id: str) -> File:
        return self.world.files[id]

    def missing(self, *scopes: str) -> None:
        """The app was installed without these scopes."""
        with self.world.moving():
            self.scopes -= set(scopes)

    def installs(self, scopes: Iterable[str] | None = None, token: str | None = None) -> str:
        """Install the app (again): a new bot token, which is returned."""
        with self.world.moving():
            self.is_installed = True
            if scopes is not None:
                self.scopes = set(scopes)
            prefix = "xoxe.xoxb-1" if self.world.app.rotates_tokens else "xoxb"
            self.bot_token = token or f"{prefix}-{self.id}-{secrets.token_hex(8)}"
            self.world.grants[self.bot_token] = Grant(self, "bot")
            return self.bot_token

    def uninstalls(self) -> None:
        """The app is removed from the workspace: its tokens die, and it is told so."""
        with self.world.moving():
            self._ends("account_inactive")
            revoked = {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [self.bot.user_id]}}
            self.world.emit({**revoked, "event_ts": self.world.clock.stamp()}, self)
            self.world.emit({"type": "app_uninstalled", "event_ts": self.world.clock.stamp()}, self)
            self.is_installed = False

    def revokes_token(self, tells: bool = True) -> None:
        """The token dies (``token_revoked``); the app is told unless ``tells`` is False."""
        with self.world.moving():
            self._ends("token_revoked")
            if tells:
                revoked = {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [self.bot.user_id]}}
                self.world.emit({**revoked, "event_ts": self.world.clock.stamp()}, self)

    def _ends(self, trouble: str) -> None:
        for grant in self.world.grants.values():
            if grant.team is self:
                grant.trouble = trouble

    def welcomes(self, user: str, team: Team, channel: Channel, joined: bool) -> None:
        """Tell the app that somebody came or went. Called under the world's lock."""
        hearing = posting.listener(channel)
        if hearing is not None:
            event = events.moved(user, team, channel, joined, self.world.clock.stamp())
            posting.tell(channel, event, hearing)
