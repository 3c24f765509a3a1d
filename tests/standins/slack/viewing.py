"""Views: checked, and put before a person."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .check import Check
from .layout import check_blocks, with_ids
from .model import View
from .registry import Json, Refused

if TYPE_CHECKING:
    from .people import Person
    from .teams import Team

VIEW_BYTES = 250_000
ALLOWED = {
    "modal": "type title blocks close submit private_metadata callback_id clear_on_close notify_on_close external_id"
    " submit_disabled",
    "home": "type blocks private_metadata callback_id external_id",
}


def checked_view(view: Any, kind: str) -> Json:
    """A view that Slack takes, with ids where it had none.

    Raises:
        Refused: invalid_arguments with the places, view_too_large.
    """
    check = Check("/view")
    if not isinstance(view, dict) or view.get("type") not in ALLOWED:
        raise Refused("invalid_arguments", "[ERROR] failed to match all allowed schemas [json-pointer:/view]")
    if view["type"] != kind:
        raise Refused("invalid_arguments", f"[ERROR] must be a {kind} [json-pointer:/view/type]")
    if len(json.dumps(view)) > VIEW_BYTES:
        raise Refused("view_too_large")
    check.only(view, "", ALLOWED[kind].split())
    for name, most in (("private_metadata", 3000), ("callback_id", 255), ("external_id", 255)):
        check.string(view, "", name, most, needed=False)
    if kind == "modal":
        _check_modal(check, view)
    if check.present(view, "", "blocks"):
        check_blocks(check, view["blocks"], "/blocks", kind)
    if check.errors:
        raise Refused("invalid_arguments", *check.errors)
    return {**view, "blocks": with_ids(view["blocks"])}


def _check_modal(check: Check, view: Json) -> None:
    check.text(view, "", "title", 24, ("plain_text",))
    for name in ("close", "submit"):
        check.text(view, "", name, 24, ("plain_text",), needed=False)
    blocks = view.get("blocks")
    has_inputs = isinstance(blocks, list) and any(isinstance(b, dict) and b.get("type") == "input" for b in blocks)
    if has_inputs and "submit" not in view:
        check.wrong("", "a modal with inputs needs a submit")


def new_view(team: Team, person: Person, content: Json, below: View | None = None) -> View:
    """Open a modal, upon ``below`` or alone."""
    world = team.world
    _unique(team, content)
    identity = world.new_id("V")
    root = below.root_id if below is not None else identity
    view = View(identity, team, person, content, world.new_hash(), root, below.id if below is not None else None)
    person.modals = [*person.modals, view] if below is not None else [view]
    world.views[identity] = view
    return view


def publish(team: Team, person: Person, content: Json, wanted_hash: str | None) -> View:
    """Set a person's App Home.

    Raises:
        Refused: hash_conflict.
    """
    world = team.world
    if person.home is None:
        identity = world.new_id("V")
        person.home = View(identity, team, person, content, world.new_hash(), identity)
        world.views[identity] = person.home
        return person.home
    replace(person.home, content, wanted_hash)
    return person.home


def replace(view: View, content: Json, wanted_hash: str | None) -> None:
    """Show something else in a view.

    Raises:
        Refused: hash_conflict when it changed since the caller looked.
    """
    if wanted_hash is not None and wanted_hash != view.hash:
        raise Refused("hash_conflict")
    _unique(view.team, content, view)
    kept = {block["block_id"] for block in content["blocks"]}
    view.typed = {key: value for key, value in view.typed.items() if key in kept}
    view.content = content
    view.hash = view.team.world.new_hash()


def _unique(team: Team, content: Json, own: View | None = None) -> None:
    external = content.get("external_id")
    if not external:
        return
    others = (view for view in team.world.views.values() if view.team is team and view is not own and view.is_open)
    if any(view.content.get("external_id") == external for view in others):
        raise Refused("duplicate_external_id")
