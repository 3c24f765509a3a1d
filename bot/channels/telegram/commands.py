"""The commands that Telegram offers while a customer types, in the languages of the bot's own sentences."""

from __future__ import annotations

COMMANDS: dict[str, dict[str, str]] = {
    # Without a language: for everybody who has none of the others.
    "": {
        "new": "Ask something new",
        "human": "Talk to a person",
        "tickets": "Your tickets",
        "status": "How a ticket stands: /status 12",
        "language": "Choose the language: /language en",
        "start": "Begin",
        "help": "What this bot can do",
    },
    "zh": {
        "new": "提出新问题",
        "human": "转人工客服",
        "tickets": "我的工单",
        "status": "查询工单进度：/status 12",
        "language": "选择语言：/language zh",
        "start": "开始",
        "help": "这个机器人能做什么",
    },
}
