"""Who we are in each workspace: the bot's ids and its token, from the one token given or from the installations."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from bot.channels.slack.names import OWN
from store.errors import StoreError

log = structlog.get_logger()


@dataclass(frozen=True)
class Workspace:
    """A workspace that the app is in."""

    team: str
    bot_user: str | None
    bot: str | None
    token: str = field(repr=False)

    @property
    def me(self) -> dict[str, str | None]:
        """What a stored payload says of us."""
        return {"user_id": self.bot_user, "bot_id": self.bot, "team_id": self.team}


class Installed(Protocol):
    """Where workspaces that added the app by themselves are kept."""

    def of_team(self, team: str) -> Workspace | None: ...

    def teams(self) -> dict[str, str]: ...

    def forget(self, team: str) -> None: ...


class NotIntroduced(Exception):
    """Slack has not told us yet whose token we were given, so this may be for us."""


class Workspaces:
    """All workspaces that the app is in. Safe to use from several threads."""

    def __init__(self, installed: Installed | None, *, awaits_own: bool) -> None:
        self._installed = installed
        self._awaits_own = awaits_own
        self._own: Workspace | None = None
        self._left: str | None = None
        self._known: dict[str, Workspace] = {}
        self._others: dict[str, str] = {}
        self._lock = threading.Lock()

    @property
    def own(self) -> Workspace | None:
        """The workspace of the token that was given."""
        return self._own

    @property
    def left(self) -> str | None:
        """The team of the token that was given, after it removed the app."""
        return self._left

    @property
    def awaited(self) -> str | None:
        """The workspace of the token that was given while Slack has yet to take that (again): until then nobody can
        look around there. OWN as long as nobody knows which it is."""
        return self._left or (OWN if self._awaits_own else None)

    @property
    def known_others(self) -> dict[str, str]:
        """``others`` as last seen, without a look."""
        own = self._own
        return {team: name for team, name in self._others.items() if own is None or team != own.team}

    def others(self) -> dict[str, str]:
        """The workspaces that added the app by themselves, each with its name, without that of the token that was
        given; as last seen while the database is away."""
        if self._installed is not None:
            try:
                self._others = self._installed.teams()
            except StoreError as error:
                log.warning("slack workspaces not read", error=type(error).__name__)
        return self.known_others

    def introduce(self, own: Workspace) -> None:
        """Slack accepted the given token: this is its workspace."""
        self._own, self._left, self._awaits_own = own, None, False

    def of(self, team: str) -> Workspace | None:
        """The workspace, None for one that the app is not in. Raises NotIntroduced, or StoreError."""
        if self._own is not None and team in (self._own.team, OWN):
            return self._own
        with self._lock:
            known = self._known.get(team)
        found = known or self._look_up(team)
        if found is None and self._awaits_own:
            raise NotIntroduced
        return found

    def first_of(self, teams: Iterable[str]) -> Workspace | None:
        """The first of ``teams`` that the app is in."""
        return next((found for team in teams if (found := self.of(team)) is not None), None)

    def token_of(self, team: str) -> str | None:
        """The token to speak with in a workspace; None where the app is not."""
        try:
            workspace = self.of(team)
        except NotIntroduced:
            return None
        return workspace.token if workspace else None

    def drop(self, team: str) -> None:
        """Look the workspace up anew when it is next asked for."""
        with self._lock:
            self._known.pop(team, None)

    def forget(self, team: str) -> None:
        """The workspace removed the app: its token is worth nothing any more, unless it adds the app again and gets the
        same one. Raises StoreError."""
        if self._installed is not None:
            self._installed.forget(team)
        if self._own is not None and self._own.team == team:
            self._own, self._left = None, team
        self.drop(team)

    def _look_up(self, team: str) -> Workspace | None:
        found = self._installed.of_team(team) if self._installed is not None else None
        if found is not None:
            with self._lock:
                self._known[team] = found
                self._left = None if team == self._left else self._left
        return found
