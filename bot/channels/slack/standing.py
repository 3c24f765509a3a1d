"""How the whole channel stands, from how its workspaces and the line to Slack do. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.channels.base import State, Status

DEAF = (
    "Slack does not reach this Firstline; what customers write is fetched every other minute instead. See whether "
    "FIRSTLINE_PUBLIC_URL is reached from outside and stands in the app as the Request URL."
)
_NAMED = 5
"""So many workspaces are named; the others are counted."""
# The later one decides what is said of the channel.
_GRAVITY = (Status.CONNECTED, Status.CONNECTING, Status.TROUBLE, Status.OFF)


@dataclass(frozen=True)
class Standing:
    """``own``: the workspace whose token was given, called ``name`` where Slack said so; ``line``: the socket, None
    without one. ``others``: the workspaces that added the app, by team with their names; ``gone``: why one of them
    cannot be served, by team."""

    own: State
    line: State | None
    others: Mapping[str, str]
    gone: Mapping[str, str]
    name: str = ""
    is_deaf: bool = False
    """Whether Slack does not reach us, while we reach Slack."""

    @property
    def served(self) -> list[str]:
        """The other workspaces that are."""
        return [called(team, name) for team, name in self.others.items() if team not in self.gone]

    @property
    def state(self) -> State:
        """A workspace that cannot be served does not take those down that can."""
        is_ours_alone = self.own.status is Status.OFF and bool(self.served)
        counts = [state for state in (None if is_ours_alone else self.own, self.line) if state is not None]
        worst = max(counts, key=lambda state: _GRAVITY.index(state.status), default=State(Status.CONNECTED))
        return worst if worst.status is not Status.CONNECTED else State(Status.CONNECTED, self._warning(is_ours_alone))

    def _warning(self, is_ours_off: bool) -> str:
        wrong = [*([DEAF] if self.is_deaf else []), *self.gone.values()]
        if is_ours_off:
            where = f"The Slack workspace {self.name} is off. " if self.name else ""
            wrong.insert(0, where + self.own.reason)
        if not wrong:
            return ""
        ours = [self.name] if self.name and not is_ours_off else []
        is_some = bool(self.gone) or is_ours_off
        return " ".join([*wrong, *(_served([*ours, *self.served]) if is_some else [])])


def called(team: str, name: str) -> str:
    """A workspace as admins know it."""
    return f"{name} ({team})" if name != team else team


def _served(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return [f"Served all the same: {', '.join([*names[:_NAMED], *more])}."]
