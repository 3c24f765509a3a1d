"""users.*, team.info, bots.info, reactions.*, auth.*, api.test."""

from __future__ import annotations

from ..registry import Arguments, Caller, Json, Refused, method
from ..teams import Team
from .conversations import PAGES
from .places import channel_seen, message_at, person_seen


@method("api.test", tier=4, token="none")
def api_test(caller: Caller, arguments: Arguments) -> Json:
    if arguments["error"]:
        raise Refused(str(arguments["error"]), args=arguments.values)
    return {"args": arguments.values}


@method("auth.test", tier=0, token="any")
def auth_test(caller: Caller, arguments: Arguments) -> Json:
    if caller.kind == "app":
        return {"app_name": caller.world.app.name, "app_id": caller.world.app.id}
    team = caller.home
    return {
        "url": f"https://{team.domain}.slack.com/",
        "team": team.name,
        "user": team.bot.name,
        "team_id": team.id,
        "user_id": team.bot.user_id,
        "bot_id": team.bot.bot_id,
        "is_enterprise_install": False,
    }


@method("auth.revoke", tier=3, takes={"test": bool})
def auth_revoke(caller: Caller, arguments: Arguments) -> Json:
    if not arguments.flag("test"):
        caller.world.grants[caller.token].trouble = "token_revoked"
    return {"revoked": not arguments.flag("test")}


def _bot_facts(team: Team) -> Json:
    profile = {"real_name": team.bot.name, "display_name": team.bot.name, "bot_id": team.bot.bot_id}
    profile |= {"api_app_id": team.world.app.id, "team": team.id}
    facts = {"id": team.bot.user_id, "team_id": team.id, "name": team.bot.name, "deleted": not team.is_installed}
    return {**facts, "real_name": team.bot.name, "is_bot": True, "is_app_user": False, "profile": profile}


@method("users.info", scopes=("users:read",), tier=4, needs={"user": str}, takes={"include_locale": bool})
def users_info(caller: Caller, arguments: Arguments) -> Json:
    bot = next((team for team in caller.world.teams if team.bot.user_id == arguments["user"]), None)
    if bot is not None and bot is caller.home:
        return {"user": _bot_facts(bot)}
    person = person_seen(caller, arguments["user"])
    stranger = person.team is not caller.home
    return {"user": person.facts(caller.has("users:read.email"), arguments.flag("include_locale"), stranger)}


@method("users.lookupByEmail", scopes=("users:read.email",), needs={"email": str})
def lookup_by_email(caller: Caller, arguments: Arguments) -> Json:
    found = next((one for one in caller.home.people if one.email == arguments["email"] and not one.is_deleted), None)
    if found is None:
        raise Refused("users_not_found")
    return {"user": found.facts(with_locale=False)}


@method(
    "users.list",
    scopes=("users:read",),
    tier=2,
    takes={**PAGES, "include_locale": bool, "team_id": str},
)
def users_list(caller: Caller, arguments: Arguments) -> Json:
    locale, email = arguments.flag("include_locale"), caller.has("users:read.email")
    rows = [person.facts(email, locale) for person in caller.home.people]
    return {"members": [*rows, _bot_facts(caller.home)], "response_metadata": {"next_cursor": ""}}


@method(
    "team.info",
    scopes=("team:read",),
    takes={"team": str, "domain": str, "include_slackbot_availability": bool},
)
def team_info(caller: Caller, arguments: Arguments) -> Json:
    team = caller.home
    if arguments["team"] not in (None, team.id):
        raise Refused("team_not_found")
    facts = {"id": team.id, "name": team.name, "domain": team.domain, "email_domain": f"{team.domain}.example"}
    return {"team": {**facts, "url": f"https://{team.domain}.slack.com/", "icon": {"image_default": True}}}


@method("bots.info", scopes=("users:read",), takes={"bot": str, "team_id": str})
def bots_info(caller: Caller, arguments: Arguments) -> Json:
    team = caller.home
    if arguments["bot"] not in (None, team.bot.bot_id):
        raise Refused("bot_not_found")
    facts = {"id": team.bot.bot_id, "name": caller.world.app.name, "app_id": caller.world.app.id}
    return {"bot": {**facts, "user_id": team.bot.user_id, "deleted": False, "updated": 0, "icons": {}}}


@method(
    "reactions.add",
    scopes=("reactions:write",),
    needs={"channel": str, "name": str, "timestamp": str},
)
def reactions_add(caller: Caller, arguments: Arguments) -> Json:
    message = message_at(channel_seen(caller, arguments["channel"]), arguments["timestamp"])
    who = message.reactions.setdefault(arguments["name"], [])
    if caller.home.bot.user_id in who:
        raise Refused("already_reacted")
    who.append(caller.home.bot.user_id)
    return {}


@method(
    "reactions.remove",
    scopes=("reactions:write",),
    tier=2,
    needs={"name": str},
    takes={"channel": str, "timestamp": str, "file": str, "file_comment": str},
)
def reactions_remove(caller: Caller, arguments: Arguments) -> Json:
    if not arguments["channel"] or not arguments["timestamp"]:
        raise Refused("no_item_specified")
    message = message_at(channel_seen(caller, arguments["channel"]), arguments["timestamp"])
    who = message.reactions.get(arguments["name"], [])
    if caller.home.bot.user_id not in who:
        raise Refused("no_reaction")
    who.remove(caller.home.bot.user_id)
    if not who:
        del message.reactions[arguments["name"]]
    return {}
