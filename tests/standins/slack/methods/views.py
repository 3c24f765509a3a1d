"""views.*: modals and App Home."""

from __future__ import annotations

from ..interactions import Trigger
from ..model import View
from ..registry import Arguments, Caller, Json, Refused, method
from ..viewing import checked_view, new_view, publish, replace

OPENED: dict[str, type] = {"trigger_id": str, "interactivity_pointer": str}


def _trigger(caller: Caller, arguments: Arguments) -> Trigger:
    """The trigger of this call; it is used up.

    Raises:
        Refused: invalid_trigger_id, exchanged_trigger_id, expired_trigger_id.
    """
    id = arguments["trigger_id"] or arguments["interactivity_pointer"]
    if not id:
        raise Refused("invalid_arguments", "[ERROR] missing required field: trigger_id")
    trigger = caller.world.triggers.get(id)
    if trigger is None or trigger.team is not caller.home:
        raise Refused("invalid_trigger_id")
    if trigger.is_used:
        raise Refused("exchanged_trigger_id")
    if caller.world.clock.now() - trigger.at > caller.world.times.trigger:
        raise Refused("expired_trigger_id")
    return trigger


@method("views.open", tier=4, needs={"view": dict}, takes=OPENED)
def open_(caller: Caller, arguments: Arguments) -> Json:
    content = checked_view(arguments["view"], "modal")
    trigger = _trigger(caller, arguments)
    view = new_view(caller.home, trigger.person, content)
    trigger.is_used = True
    return {"view": view.facts()}


@method("views.push", tier=4, needs={"view": dict}, takes=OPENED)
def push(caller: Caller, arguments: Arguments) -> Json:
    content = checked_view(arguments["view"], "modal")
    trigger = _trigger(caller, arguments)
    below = trigger.view
    if below is None or below not in trigger.person.modals:
        raise Refused("not_found")
    if len(trigger.person.modals) >= 3:
        raise Refused("push_limit_reached")
    view = new_view(caller.home, trigger.person, content, below)
    trigger.is_used = True
    return {"view": view.facts()}


def _named(caller: Caller, arguments: Arguments) -> View:
    """The open view of this id or external id."""
    wanted, external = arguments["view_id"], arguments["external_id"]
    if not wanted and not external:
        raise Refused("invalid_arguments", "[ERROR] missing required field: view_id")
    own = (view for view in caller.world.views.values() if view.team is caller.home and view.is_open)
    for view in own:
        if view.id == wanted or (not wanted and view.content.get("external_id") == external):
            return view
    raise Refused("not_found")


@method(
    "views.update",
    tier=4,
    needs={"view": dict},
    takes={"view_id": str, "external_id": str, "hash": str},
)
def update(caller: Caller, arguments: Arguments) -> Json:
    view = _named(caller, arguments)
    replace(view, checked_view(arguments["view"], str(view.content["type"])), arguments["hash"])
    return {"view": view.facts()}


@method("views.publish", tier=4, needs={"user_id": str, "view": dict}, takes={"hash": str})
def publish_(caller: Caller, arguments: Arguments) -> Json:
    person = next((one for one in caller.home.people if one.id == arguments["user_id"]), None)
    if person is None:
        raise Refused("user_not_found")
    if not caller.world.app.home_tab:
        raise Refused("not_enabled")
    content = checked_view(arguments["view"], "home")
    return {"view": publish(caller.home, person, content, arguments["hash"]).facts()}
