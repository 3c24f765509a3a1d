"""oauth.v2.access: codes for tokens, and old tokens for new ones."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from ..authorize import Code
from ..registry import Arguments, Caller, Json, Refused, method
from ..teams import Grant, Team

if TYPE_CHECKING:
    from ..world import SlackWorld


def check_client(world: SlackWorld, arguments: Arguments) -> None:
    """Raises Refused: invalid_client_id, bad_client_secret."""
    if arguments["client_id"] != world.app.client_id:
        raise Refused("invalid_client_id")
    if arguments["client_secret"] != world.app.client_secret:
        raise Refused("bad_client_secret")


@method(
    "oauth.v2.access",
    tier=4,
    token="none",
    takes={
        "client_id": str,
        "client_secret": str,
        "code": str,
        "redirect_uri": str,
        "grant_type": str,
        "refresh_token": str,
    },
)
def access(caller: Caller, arguments: Arguments) -> Json:
    world = caller.world
    check_client(world, arguments)
    if arguments["grant_type"] == "refresh_token":
        return _refreshed(world, arguments["refresh_token"] or "")
    if arguments["grant_type"] not in (None, "authorization_code"):
        raise Refused("invalid_grant_type")
    code = _code(world, arguments)
    code.is_used = True
    team = code.team
    token = team.installs(code.scopes)
    facts = _facts(world, team, token)
    return {**facts, "authed_user": {"id": code.person.id}}


def _code(world: SlackWorld, arguments: Arguments) -> Code:
    """Raises Refused: invalid_code, code_already_used, code_expired, bad_redirect_uri."""
    code = world.codes.get(arguments["code"] or "")
    if code is None:
        raise Refused("invalid_code")
    if code.is_used:
        raise Refused("code_already_used")
    if world.clock.now() - code.at > world.times.oauth_code:
        raise Refused("code_expired")
    if code.redirect_uri != arguments["redirect_uri"]:
        raise Refused("bad_redirect_uri")
    return code


def _refreshed(world: SlackWorld, refresh: str) -> Json:
    """A new pair for a refresh token, which is used up."""
    grant = world.grants.get(refresh)
    if grant is None or grant.kind != "refresh" or grant.team is None:
        raise Refused("invalid_refresh_token")
    if grant.trouble is not None:
        raise Refused(grant.trouble if grant.trouble != "used" else "invalid_refresh_token")
    grant.trouble = "used"
    return _facts(world, grant.team, grant.team.installs())


def _facts(world: SlackWorld, team: Team, token: str) -> Json:
    facts: Json = {
        "access_token": token,
        "token_type": "bot",
        "scope": ",".join(sorted(team.scopes)),
        "bot_user_id": team.bot.user_id,
        "app_id": world.app.id,
        "team": {"id": team.id, "name": team.name},
        "enterprise": None,
        "is_enterprise_install": False,
    }
    if world.app.rotates_tokens:
        refresh = f"xoxe-1-{secrets.token_hex(12)}"
        world.grants[refresh] = Grant(team, "refresh")
        world.grants[token].expires = world.clock.now() + world.times.access_token
        facts |= {"refresh_token": refresh, "expires_in": int(world.times.access_token)}
    return facts
