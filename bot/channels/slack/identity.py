"""Who Slack says that a bot's token belongs to."""

from __future__ import annotations

from dataclasses import dataclass

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.channels.slack.refusals import LOST, TOKEN, answer_of
from bot.channels.slack.workspaces import Workspace

_WHY = {
    "account_inactive": "the app was removed from its workspace",
    "app_uninstalled": "the app was removed from its workspace",
    "invalid_auth": "Slack does not know it",
    "not_allowed_token_type": "it is not a bot's",
    "not_authed": "Slack does not know it",
    "token_expired": "it has expired",
    "token_revoked": "it was revoked",
}
_REFUSED = TOKEN | set(_WHY)
_NOT_BOTS = ("xoxp-", "xoxe.xoxp-", "xapp-")


@dataclass(frozen=True)
class Identity:
    """The answer to ``auth.test``."""

    workspace: Workspace
    name: str
    """What the bot is called."""
    workspace_name: str
    scopes: frozenset[str]


class TokenRefused(Exception):
    """Slack does not take the token. A sentence for an admin."""


class NoAnswer(Exception):
    """Slack did not say. A sentence for an admin."""


def identify(client: WebClient) -> Identity:
    """Ask whose token the client has. Raises TokenRefused or NoAnswer."""
    try:
        told = client.auth_test()
    except SlackApiError as error:
        answer = answer_of(error)
        if answer.code in _REFUSED:
            raise _refused(f"{_WHY.get(answer.code, 'its workspace is closed to it')} ({answer.code})") from error
        raise NoAnswer(f"Slack does not say who we are ({answer.code or answer.status}); it is asked again.") from error
    except LOST as error:
        raise NoAnswer(f"Slack cannot be reached ({type(error).__name__}); it is tried again.") from error
    bot, team, token = told.get("bot_id"), told.get("team_id"), client.token or ""
    if not isinstance(team, str) or (bot is None and token.startswith(_NOT_BOTS)):
        raise _refused("it is not a bot's. Take the Bot User OAuth Token, which begins with xoxb-")
    return Identity(
        Workspace(team, told.get("user_id"), bot, token),
        str(told.get("user") or ""),
        str(told.get("team") or team),
        _scopes(told.headers),
    )


def _refused(why: str) -> TokenRefused:
    return TokenRefused(
        f"Slack refuses FIRSTLINE_SLACK_BOT_TOKEN: {why}. Install the app to the workspace again; if its token is "
        "another one then, set that and restart."
    )


def _scopes(headers: object) -> frozenset[str]:
    """What the token may do, as Slack tells with every answer."""
    given = {str(name).lower(): value for name, value in dict(headers or {}).items()}  # type: ignore[call-overload]
    told = given.get("x-oauth-scopes", "")
    told = told[0] if isinstance(told, list) and told else told
    return frozenset(scope.strip() for scope in str(told).split(",") if scope.strip())
