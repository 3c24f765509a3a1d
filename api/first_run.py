"""What a newcomer is led through after the first sign-in, and how far they are: a setting of the house."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from sqlmodel import Session

from store import settings
from store.models import Setting

NAME = "first_run"


class Step(Enum):
    TRY = "try"
    CHANNELS = "channels"
    ARTICLES = "articles"


class State(Enum):
    OPEN = "open"
    DONE = "done"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Standing:
    """How far the first run is. ``is_begun`` is False in a house that was set up without it."""

    is_begun: bool = False
    states: dict[Step, State] = field(default_factory=dict)

    def state(self, step: Step) -> State:
        return self.states.get(step, State.OPEN)

    @property
    def left(self) -> tuple[Step, ...]:
        return tuple(step for step in Step if self.state(step) is State.OPEN)

    @property
    def is_under_way(self) -> bool:
        return self.is_begun and bool(self.left)


def standing(session: Session) -> Standing:
    """How far it is. Reads only."""
    row = session.get(Setting, NAME)
    return standing_from(row.value) if row else Standing()


def standing_from(value: dict[str, Any]) -> Standing:
    """What was kept, as far as these steps know it."""
    steps, states = {step.value: step for step in Step}, {state.value: state for state in State}
    kept = value.get("steps") or {}
    known = {steps[name]: states[state] for name, state in kept.items() if name in steps and state in states}
    return Standing(True, known)


def begin(session: Session) -> None:
    """The first admin is here. Beginning again changes nothing."""
    settings.keep_first(session, NAME, {"steps": {}})


def settle(session: Session, step: Step, state: State) -> Standing:
    """Keep how ``step`` stands. What was done stays done when it is skipped later."""
    found = standing_from(settings.held(session, NAME, {"steps": {}}))
    if found.state(step) is State.DONE and state is State.SKIPPED:
        return found
    states = found.states | {step: state}
    settings.keep(session, NAME, {"steps": {one.value: kept.value for one, kept in states.items()}})
    return Standing(True, states)


def next_step(step: Step) -> Step | None:
    """The one after ``step``; None after the last."""
    steps = list(Step)
    place = steps.index(step) + 1
    return steps[place] if place < len(steps) else None
