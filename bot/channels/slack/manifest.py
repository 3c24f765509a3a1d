"""What Firstline needs of its Slack app, as the manifest that Slack takes: scopes, events, command, shortcut, pages.

``deploy/slack-manifest.yaml`` and ``deploy/slack-manifest-http.yaml`` are written from here (a test holds them equal)::

    .venv/bin/python -m bot.channels.slack.manifest
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any

import yaml

from bot.channels.slack.home import prompts
from bot.channels.slack.modals import ASK
from bot.channels.slack.words import say

EVENTS_PATH = "/channels/slack/events"
INSTALL_PATH = "/channels/slack/install"
OAUTH_PATH = "/channels/slack/oauth_redirect"
COMMAND = "/support"
EXAMPLE_ADDRESS = "https://support.example.com"
"""Stands in the file in ``deploy/`` for the operator's own FIRSTLINE_PUBLIC_URL."""

REQUIRED_SCOPES = {
    "app_mentions:read": "hear when somebody mentions the bot in a channel",
    "channels:history": "read follow-ups in the threads of public channels",
    "chat:write": "answer",
    "commands": "offer /support and the shortcut “Ask support about this”",
    "files:read": "show agents the files that customers send",
    "files:write": "send customers the files of agents",
    "groups:history": "read follow-ups in the threads of private channels",
    "im:history": "read direct messages",
    "im:write": "open direct messages with somebody who used /support or the form",
    "mpim:history": "read follow-ups in group messages",
    "users:read": "know a customer's name, language and time zone",
}
OPTIONAL_SCOPES = {
    "assistant:write": "suggest first questions, and show that the bot is at it",
    "channels:read": "check that the bot is in the agents' channel, and find mentions that Slack could not bring",
    "groups:read": "do the same in private channels",
    "im:read": "find who wrote for the first time while Firstline was down",
    "users:read.email": "tie a customer to an account by the domain of their address",
}
"""Without these the bot works, with less comfort."""
BOT_SCOPES = tuple(sorted(REQUIRED_SCOPES | OPTIONAL_SCOPES))

EVENTS = {
    "app_home_opened": "show the home tab, and suggest first questions",
    "app_mention": "answer where the bot is mentioned",
    "app_uninstalled": "stop sending to a workspace that removed the app",
    "message.channels": "follow a thread without a new mention",
    "message.groups": "follow a thread of a private channel",
    "message.im": "answer direct messages",
    "message.mpim": "follow a thread of a group message",
    "tokens_revoked": "stop sending to a workspace that took the token back",
}


class Mode(Enum):
    SOCKET = "socket"
    HTTP = "http"


FILES = {Mode.SOCKET: "slack-manifest.yaml", Mode.HTTP: "slack-manifest-http.yaml"}


def manifest(mode: Mode, address: str = EXAMPLE_ADDRESS, name: str = "Firstline") -> dict[str, Any]:
    """The manifest for one way in. ``address``: where Slack reaches us in HTTP mode, without a trailing slash."""
    is_socket = mode is Mode.SOCKET
    url = {} if is_socket else {"request_url": f"{address}{EVENTS_PATH}"}
    redirects = {} if is_socket else {"redirect_urls": [f"{address}{OAUTH_PATH}"]}
    return {
        "display_information": {
            "name": name,
            "description": "Answers from the help articles, and brings in a person when you need one",
        },
        "features": _features(name, {} if is_socket else {"url": f"{address}{EVENTS_PATH}"}),
        "oauth_config": {**redirects, "scopes": {"bot": list(BOT_SCOPES)}},
        "settings": {
            "event_subscriptions": {**url, "bot_events": sorted(EVENTS)},
            "interactivity": {"is_enabled": True, **url},
            "org_deploy_enabled": False,
            "socket_mode_enabled": is_socket,
            "token_rotation_enabled": False,
        },
    }


def render(mode: Mode, address: str = EXAMPLE_ADDRESS) -> str:
    """The manifest as YAML, ready to be pasted into Slack's "From a manifest"."""
    body = yaml.safe_dump(manifest(mode, address), sort_keys=False, allow_unicode=True, width=120)
    return _heading(mode, address) + body


def _features(name: str, url: dict[str, str]) -> dict[str, Any]:
    return {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "agent_view": {
            "agent_description": "Answers support questions from the help articles and hands over to a person.",
            "suggested_prompts": prompts("en"),
        },
        "bot_user": {"display_name": name, "always_online": True},
        "shortcuts": [
            {
                "name": "Ask support about this",
                "type": "message",
                "callback_id": ASK,
                "description": say("question", "en"),
            }
        ],
        "slash_commands": [
            {
                "command": COMMAND,
                **url,
                "description": "Ask support",
                "usage_hint": "[your question | help]",
                # Mentions and links in a question arrive as they do in messages.
                "should_escape": True,
            }
        ],
    }


def _heading(mode: Mode, address: str) -> str:
    lines = ["# The Slack app of Firstline: api.slack.com/apps, Create New App, From a manifest, paste this."]
    if mode is Mode.SOCKET:
        lines.append("# Then: Basic Information > App-Level Tokens > Generate, with the scope connections:write.")
    elif address == EXAMPLE_ADDRESS:
        lines.append(f"# Put your FIRSTLINE_PUBLIC_URL in the place of {EXAMPLE_ADDRESS} (https, reachable by Slack).")
    lines.append("# If Slack refuses features.agent_view in your workspace, leave it out: the bot works without.")
    return "\n".join(lines) + "\n"


def write(folder: Path) -> None:
    """Write the files of ``deploy/``."""
    for mode, name in FILES.items():
        (folder / name).write_text(render(mode), "utf8")


if __name__ == "__main__":
    write(Path(__file__).parents[3] / "deploy")
