"""What ``firstline channels check`` says of Slack: each missing token, scope, right or setting, and what to do."""

from __future__ import annotations

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.channels.findings import Finding
from bot.channels.slack.clients import Clients
from bot.channels.slack.identity import NoAnswer, TokenRefused, identify
from bot.channels.slack.manifest import COMMAND, EVENTS, EVENTS_PATH, FILES, OPTIONAL_SCOPES, REQUIRED_SCOPES, Mode
from bot.channels.slack.modals import ASK
from bot.channels.slack.refusals import LOST, answer_of
from bot.channels.slack.socket import REFUSED

_INSTALL = "Add it under OAuth & Permissions > Bot Token Scopes, and reinstall the app to the workspace."
_APP_TOKEN = "Make one under Basic Information > App-Level Tokens with the scope connections:write, and set it."
_NOT_THERE = {"channel_not_found", "not_in_channel", "is_archived"}


def check_slack(
    bot_token: str | None,
    app_token: str | None,
    signing_secret: str | None,
    base_url: str | None,
    staff_channel: str | None,
    address: str,
) -> list[Finding]:
    """Ask Slack about each setting. Nothing is changed there, and nothing of ours is needed."""
    clients = Clients(lambda _team: None, base_url)
    found = _bot(clients, bot_token, staff_channel) if bot_token else [_no_bot_token()]
    return [*found, *_way_in(clients, app_token, signing_secret, address), _unasked(app_token)]


def _no_bot_token() -> Finding:
    return Finding(
        True, "FIRSTLINE_SLACK_BOT_TOKEN is not set: only workspaces that add the app by /channels/slack/install count."
    )


def _bot(clients: Clients, token: str, staff_channel: str | None) -> list[Finding]:
    client = clients.with_token(token)
    try:
        identity = identify(client)
    except TokenRefused as refused:
        return [Finding(False, str(refused))]
    except NoAnswer as trouble:
        return [Finding(False, str(trouble), "Check the network and FIRSTLINE_SLACK_BASE_URL.")]
    known = Finding(True, f"Slack knows the bot as {identity.name} in the workspace {identity.workspace_name}.")
    staff = [_staff(client, staff_channel)] if staff_channel else []
    return [known, *scope_findings(identity.scopes), *staff]


def scope_findings(scopes: frozenset[str]) -> list[Finding]:
    """Pure: what the token lacks of the manifest's scopes. Optional ones are told, but are nothing wrong."""
    missing = [
        Finding(False, f"The scope {scope} is missing: without it the bot cannot {purpose}.", _INSTALL)
        for scope, purpose in REQUIRED_SCOPES.items()
        if scope not in scopes
    ]
    optional = [
        Finding(True, f"The scope {scope} is not there; with it the bot could {purpose}.")
        for scope, purpose in OPTIONAL_SCOPES.items()
        if scope not in scopes
    ]
    return [*(missing or [Finding(True, "All scopes that the bot needs are there.")]), *optional]


def _staff(client: WebClient, channel: str) -> Finding:
    invite = "Invite the bot there (/invite), and give the channel's id, such as C0123456789, not its name."
    try:
        told = client.conversations_info(channel=channel).get("channel") or {}
    except SlackApiError as error:
        code = answer_of(error).code
        if code == "missing_scope":
            return Finding(True, f"Whether the bot is in {channel} cannot be seen without channels:read, groups:read.")
        what = "does not know" if code in _NOT_THERE else "tells nothing of"
        return Finding(False, f"Slack {what} FIRSTLINE_SLACK_STAFF_CHANNEL {channel} ({code}).", invite)
    except LOST as error:
        return Finding(False, f"Slack did not answer about the channel {channel} ({type(error).__name__}).")
    if told.get("is_member"):
        return Finding(True, f"The bot is in the agents' channel {channel}.")
    return Finding(False, f"The bot is not in the agents' channel {channel}.", invite)


def _way_in(clients: Clients, app_token: str | None, signing_secret: str | None, address: str) -> list[Finding]:
    found = [_socket(clients, app_token)] if app_token else []
    if signing_secret:
        found.append(_http(address))
    if not found:
        do = f"{_APP_TOKEN} Or set FIRSTLINE_SLACK_SIGNING_SECRET (Basic Information > App Credentials) for HTTP."
        found.append(Finding(False, "Neither FIRSTLINE_SLACK_APP_TOKEN nor FIRSTLINE_SLACK_SIGNING_SECRET is set.", do))
    return found


def _socket(clients: Clients, app_token: str) -> Finding:
    try:
        clients.with_token(app_token).apps_connections_open(app_token=app_token)
    except SlackApiError as error:
        answer = answer_of(error)
        why = REFUSED.get(answer.code)
        if why:
            return Finding(False, f"Slack refuses FIRSTLINE_SLACK_APP_TOKEN: {why}.", _APP_TOKEN)
        do = "Switch on Settings > Socket Mode, and try again."
        return Finding(False, f"Slack opens no connection ({answer.code or answer.status}).", do)
    except LOST as error:
        return Finding(False, f"Slack did not answer about the app token ({type(error).__name__}).")
    return Finding(True, "Socket Mode opens a connection.")


def _http(address: str) -> Finding:
    if address.startswith("https://"):
        return Finding(True, f"By HTTP, Slack must send to {address}{EVENTS_PATH}.")
    do = "Set FIRSTLINE_PUBLIC_URL to the https address at which Slack reaches this Firstline."
    return Finding(False, f"Slack sends events by https only, and this Firstline is at {address}.", do)


def _unasked(app_token: str | None) -> Finding:
    file = FILES[Mode.SOCKET if app_token else Mode.HTTP]
    return Finding(
        True,
        "Slack does not tell a bot how its app is set up. Compare with deploy/"
        f"{file} yourself: the events {', '.join(sorted(EVENTS))}; interactivity; the command {COMMAND}; the message "
        f"shortcut {ASK}; the home and messages tabs.",
    )
