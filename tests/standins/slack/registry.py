"""The list of Web API methods: what each takes, what it needs, how often it may be called."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .teams import Team
    from .world import SlackWorld

Json = dict[str, Any]


class Refused(Exception):
    """Slack says no: ``{"ok": false, "error": error, **details}``."""

    def __init__(self, error: str, *messages: str, **details: Any) -> None:
        super().__init__(error)
        self.error = error
        self.details: Json = dict(details)
        if messages:
            self.details["response_metadata"] = {"messages": list(messages)}


@dataclass
class Caller:
    """Who calls: ``team`` is None for app-level tokens and for methods that need no token."""

    world: SlackWorld
    token: str
    team: Team | None
    kind: str

    @property
    def home(self) -> Team:
        if self.team is None:
            raise Refused("not_allowed_token_type")
        return self.team

    def has(self, *scopes: str) -> bool:
        """Whether the token has one of these."""
        return any(scope in self.home.scopes for scope in scopes)

    def demand(self, *scopes: str) -> None:
        """One of these scopes is needed.

        Raises:
            Refused: missing_scope, with what is needed and what is there.
        """
        if not self.has(*scopes):
            raise Refused("missing_scope", needed=scopes[0], provided=",".join(sorted(self.home.scopes)))


Run = Callable[[Caller, "Arguments"], Json]


@dataclass(frozen=True)
class Method:
    name: str
    run: Run
    scopes: tuple[str, ...]
    tier: int
    token: str
    needs: Mapping[str, type]
    takes: Mapping[str, type]


METHODS: dict[str, Method] = {}


def method(
    name: str,
    *,
    scopes: tuple[str, ...] = (),
    tier: int = 3,
    token: str = "bot",
    needs: Mapping[str, type] | None = None,
    takes: Mapping[str, type] | None = None,
) -> Callable[[Run], Run]:
    """Register a method. ``scopes``: one of them is needed. ``token``: bot, app, any or none. Tier 0: no tier."""

    def keep(run: Run) -> Run:
        METHODS[name] = Method(name, run, scopes, tier, token, needs or {}, takes or {})
        return run

    return keep


FORMATS = {"blocks": "invalid_blocks_format", "metadata": "invalid_metadata_format"}


@dataclass
class Arguments:
    """The checked arguments of one call, each of its declared type; what was not given is None."""

    values: Json = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.values.get(name)

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def flag(self, name: str) -> bool:
        return bool(self.values.get(name))


def checked(known: Method, given: Json) -> Arguments:
    """The arguments of a call, or what Slack says about them.

    Raises:
        Refused: invalid_arg_name for a name that the method does not have, invalid_arguments, invalid_blocks_format …
    """
    # Bolt sends team_id with every call, for tokens of a whole organisation.
    allowed = {**known.needs, **known.takes, "team_id": str}
    for name in given:
        if name not in allowed:
            raise Refused("invalid_arg_name", f"[ERROR] unknown argument: {name}")
    missing = [name for name in known.needs if given.get(name) in (None, "")]
    if missing:
        raise Refused("invalid_arguments", *(f"[ERROR] missing required field: {name}" for name in missing))
    return Arguments({name: _typed(name, value, allowed[name]) for name, value in given.items() if value is not None})


def _typed(name: str, value: Any, wanted: type) -> Any:
    if wanted is bool:
        return _flag(name, value)
    if wanted is int:
        return _whole(name, value)
    if wanted in (list, dict):
        return _structured(name, value, wanted)
    if not isinstance(value, str):
        raise Refused("invalid_arguments", f"[ERROR] must provide a string [json-pointer:/{name}]")
    return value


def _flag(name: str, value: Any) -> bool:
    words = {"1": True, "true": True, "0": False, "false": False, "": False}
    if isinstance(value, bool):
        return value
    if str(value).lower() not in words:
        raise Refused("invalid_arguments", f"[ERROR] must be a boolean [json-pointer:/{name}]")
    return words[str(value).lower()]


def _whole(name: str, value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise Refused("invalid_arguments", f"[ERROR] must be an integer [json-pointer:/{name}]") from None


def _structured(name: str, value: Any, wanted: type) -> Any:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise Refused(FORMATS.get(name, "invalid_arguments"), f"[ERROR] not JSON [json-pointer:/{name}]") from None
    if not isinstance(value, wanted):
        raise Refused(FORMATS.get(name, "invalid_arguments"), f"[ERROR] wrong type [json-pointer:/{name}]")
    return value
