"""apps.*: Socket Mode's door, and leaving a workspace."""

from __future__ import annotations

from ..registry import Arguments, Caller, Json, Refused, method
from .oauth import check_client


@method("apps.connections.open", tier=1, token="app")
def connections_open(caller: Caller, arguments: Arguments) -> Json:
    if "connections:write" not in caller.world.app.app_scopes:
        raise Refused("missing_scope", needed="connections:write", provided=",".join(caller.world.app.app_scopes))
    return {"url": caller.world.sockets.ticket()}


@method("apps.uninstall", tier=1, needs={"client_id": str, "client_secret": str})
def uninstall(caller: Caller, arguments: Arguments) -> Json:
    check_client(caller.world, arguments)
    caller.home.uninstalls()
    return {}
