"""What people on a large made-up desk are called and write: sentences with words as rare and as common as real ones."""

from __future__ import annotations

import random
from itertools import accumulate

FIRST = ("Ada", "Ben", "Chen", "Dana", "Emeka", "Fatima", "Greta", "Hao", "Ines", "Jun", "Kofi", "Li", "Maya", "Noor")
LAST = ("O'Brien", "Okafor", "Wang", "García", "Novák", "Zhang", "Müller", "Santos", "Kim", "Haddad", "Smith", "Liu")
COMPANIES = ("Northwind", "Blue Harbour", "青山科技", "Lindqvist", "Tessera", "远航物流", "Acacia", "Meridian")
ENGLISH = (
    ("I cannot {verb} the {thing}", "Since this morning the {thing} does not {verb}", "How do I {verb} a {thing}?"),
    ("It says {code}.", "Our order is #{number}.", "Ask {person} if you need more.", "I tried twice.", "See {word}."),
    (
        "Thanks for looking into it.",
        "This blocks our team.",
        "It can wait until tomorrow.",
        "We use version {version}.",
    ),
)
CHINESE = (
    ("{thing}无法{verb}", "从今天早上开始{thing}就不能{verb}了", "请问怎么{verb}{thing}?"),
    ("提示{code}。", "订单号是#{number}。", "需要的话请联系{person}。", "我试了两次。", "参见{word}。"),
    ("谢谢。", "这影响了我们整个团队。", "可以等到明天。", "我们用的是{version}版本。"),
)
# The further back a word stands the rarer it is: the first is in one message of four, the tenth in one of forty.
THINGS = (
    "project",
    "board",
    "timeline",
    "export",
    "report",
    "login",
    "task",
    "calendar",
    "comment",
    "file",
    "invoice",
    "approval",
    "permission",
    "dashboard",
    "workspace",
    "notification",
    "integration",
    "webhook",
    "password",
    "template",
    "milestone",
    "import",
    "token",
    "filter",
    "backup",
)
VERBS = (
    "open",
    "save",
    "share",
    "delete",
    "move",
    "copy",
    "print",
    "restore",
    "connect",
    "send",
    "change",
    "find",
    "invite",
    "upload",
)
THINGS_ZH = (
    "项目",
    "看板",
    "时间线",
    "导出",
    "报表",
    "任务",
    "登录",
    "日历",
    "评论",
    "文件",
    "发票",
    "审批",
    "权限",
    "仪表盘",
    "通知",
    "密码",
    "模板",
    "导入",
    "备份",
)
VERBS_ZH = (
    "打开",
    "保存",
    "分享",
    "删除",
    "移动",
    "复制",
    "打印",
    "恢复",
    "连接",
    "发送",
    "修改",
    "找到",
    "邀请",
    "上传",
)
RARE = 40_000
"""Words that nearly nobody uses: names of projects, files, machines."""


class Words:
    """Texts by number: the same number has the same text."""

    def __init__(self) -> None:
        self._weights = {
            id(words): list(accumulate(1 / place for place in range(1, len(words) + 1)))
            for words in (THINGS, VERBS, THINGS_ZH, VERBS_ZH)
        }

    def person(self, number: int) -> str:
        return f"{FIRST[number % len(FIRST)]} {LAST[number // len(FIRST) % len(LAST)]}"

    def company(self, number: int) -> str:
        return COMPANIES[number % len(COMPANIES)]

    def text(self, number: int, language: str) -> str:
        """Two or three sentences, in Chinese or English."""
        draw = random.Random(number)
        parts, things, verbs = (CHINESE, THINGS_ZH, VERBS_ZH) if language == "zh" else (ENGLISH, THINGS, VERBS)
        chosen = [part[int(draw.random() * len(part))] for part in parts[: 2 + int(draw.random() * 2)]]
        return " ".join(chosen).format(
            thing=self._of(things, draw),
            verb=self._of(verbs, draw),
            code=f"ERR_{int(draw.random() * 900) + 100}",
            number=int(draw.random() * 100_000) + 1,
            person=self.person(int(draw.random() * 500)),
            word=f"{'qvxz'[int(draw.random() * 4)]}{int(draw.random() ** 3 * RARE):x}",
            version=f"{int(draw.random() * 4) + 1}.{int(draw.random() * 10)}",
        )

    def _of(self, words: tuple[str, ...], draw: random.Random) -> str:
        return draw.choices(words, cum_weights=self._weights[id(words)])[0]
