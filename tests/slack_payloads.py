"""Payloads as Slack sends them, and as the inbox keeps them. Ada is U1 of T1, the bot is UBOT, Bob is U2."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
ME = {"user_id": "UBOT", "bot_id": "BBOT", "team_id": "T1"}
TS = "1700000000.000100"
ROOT = "1690000000.000001"


def stored(kind: str, body: Json, **me: str | None) -> Json:
    return {"kind": kind, "body": body, "me": {**ME, **me}}


def event(inner: Json, **outer: Any) -> Json:
    grant = {"enterprise_id": None, "team_id": "T1", "user_id": "UBOT", "is_bot": True, "is_enterprise_install": False}
    body = {
        "token": "x",
        "team_id": "T1",
        "api_app_id": "A1",
        "event": inner,
        "type": "event_callback",
        "event_id": "Ev1",
        "event_time": 1700000000,
        "authorizations": [grant],
        "is_ext_shared_channel": False,
    }
    return stored("event", {**body, **outer})


def said(text: str, **fields: Any) -> Json:
    """Ada says it to the bot directly; ``fields`` change where, who and what."""
    message = {"type": "message", "user": "U1", "text": text, "ts": TS, "channel": "D1", "channel_type": "im"}
    return event({**message, "team": "T1", "event_ts": TS, "client_msg_id": "c-1", **fields})


def said_in_channel(text: str, **fields: Any) -> Json:
    return said(text, **{"channel": "C1", "channel_type": "channel", **fields})


def mentioned(text: str, **fields: Any) -> Json:
    """The other event that Slack sends of a message in a channel that the bot can read."""
    message = {"type": "app_mention", "user": "U1", "text": text, "ts": TS, "channel": "C1", "team": "T1"}
    return event({**message, "event_ts": TS, "client_msg_id": "c-1", **fields}, event_id="Ev2")


def changed(now: Json, before: Json | None, **fields: Any) -> Json:
    rest = {"previous_message": before} if before is not None else {}
    about = {"type": "message", "subtype": "message_changed", "hidden": True, "channel": "D1", "channel_type": "im"}
    return event({**about, "ts": "1700000009.000900", "message": now, **rest, **fields})


def deleted(before: Json | None, **fields: Any) -> Json:
    rest = {"previous_message": before} if before is not None else {}
    about = {"type": "message", "subtype": "message_deleted", "hidden": True, "channel": "D1", "channel_type": "im"}
    return event({**about, "ts": "1700000009.000900", "deleted_ts": TS, **rest, **fields})


def message(text: str, **fields: Any) -> Json:
    """A message as it is nested in events about it."""
    return {"type": "message", "user": "U1", "text": text, "ts": TS, "team": "T1", **fields}


def pressed(token: str, **fields: Any) -> Json:
    """Ada presses a button under an answer in her direct messages."""
    body: Json = {
        "type": "block_actions",
        "user": {"id": "U1", "username": "ada", "name": "ada", "team_id": "T1"},
        "api_app_id": "A1",
        "container": {"type": "message", "message_ts": TS, "channel_id": "D1", "is_ephemeral": False},
        "trigger_id": "1.2.abc",
        "team": {"id": "T1", "domain": "acme"},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": "D1", "name": "directmessage"},
        "message": {"type": "message", "user": "UBOT", "bot_id": "BBOT", "ts": TS, "thread_ts": ROOT, "text": "…"},
        "response_url": "https://hooks.slack.com/actions/T1/1/x",
        "actions": [
            {
                "type": "button",
                "action_id": "press:0",
                "block_id": "delivery-1-0",
                "text": {"type": "plain_text", "text": "Yes"},
                "value": token,
                "action_ts": "1700000005.000500",
            }
        ],
    }
    return stored("action", {**body, **fields})


def commanded(text: str, **fields: str) -> Json:
    """Ada types /support in a channel."""
    body = {
        "token": "x",
        "team_id": "T1",
        "team_domain": "acme",
        "channel_id": "C1",
        "channel_name": "general",
        "user_id": "U1",
        "user_name": "ada",
        "command": "/support",
        "text": text,
        "api_app_id": "A1",
        "is_enterprise_install": "false",
        "response_url": "https://hooks.slack.com/commands/1",
        "trigger_id": "1.2.def",
    }
    return stored("command", {**body, **fields})


def submitted(text: str, *, wants_person: bool = False, about: str = "", **view: Any) -> Json:
    """Ada sends the form in which a question is asked."""
    chosen = [{"text": {"type": "plain_text", "text": "A person"}, "value": "yes"}] if wants_person else []
    values = {
        "question": {"text": {"type": "plain_text_input", "value": text}},
        "wants_person": {"wants_person": {"type": "checkboxes", "selected_options": chosen}},
    }
    shown: Json = {
        "id": "V1",
        "team_id": "T1",
        "type": "modal",
        "callback_id": "ask_support",
        "private_metadata": about,
        "hash": "1.h",
        "state": {"values": values},
    }
    body: Json = {
        "type": "view_submission",
        "team": {"id": "T1", "domain": "acme"},
        "user": {"id": "U1", "username": "ada", "name": "ada", "team_id": "T1"},
        "api_app_id": "A1",
        "trigger_id": "1.2.ghi",
        "view": {**shown, **view},
        "response_urls": [],
    }
    return stored("view", body)


def uploaded(**fields: Any) -> Json:
    """One of ``files`` in a message."""
    url = "https://files.slack.com/files-pri/T1-F1/error.png"
    told = {"id": "F1", "name": "error.png", "mimetype": "image/png", "size": 70, "mode": "hosted"}
    return {**told, "url_private": url, "url_private_download": f"{url}?download", **fields}
