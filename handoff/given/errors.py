"""The error texts and codes that customers quote, with stack traces; on texts with folded widths."""

from __future__ import annotations

import re
from collections.abc import Iterator

from handoff.given.patterns import URL, is_denied, of

_STATUS = r"[1-5]\d\d"
_CODE = of(
    r"\b(ERR_[A-Z][A-Z0-9_]+)",
    r"\b(0x[0-9a-f]{4,16})\b",
    r"\b(ECONN\w+|ETIMEDOUT|ENOTFOUND|ENOENT|EACCES|EPIPE|EPERM|EADDRINUSE)\b",
    r"\b((?:ORA|AADSTS|SQLSTATE|TNS|DB2|KB|ERR|E)[-_ ]?\d{3,7}[A-Z]?)\b",
    rf"\b((?:HTTP|status)(?:[ /](?:error|status|code|\d\.\d))*[ :]+{_STATUS})\b",
    r"\b(?:error|code|fehler)\b(?:\s+(?:code|number|no\.?|id|is|was|message|reads"
    r"|says))*\s*[:=#(\"'“]*\s*((?:[A-Z]{1,10}[-_ ]?)?\d{2,8}[A-Z]?)\b(?!\s*(?:times|users|people|rows"
    r"|files|errors))",
    rf"\b({_STATUS}(?= (?:error|bad gateway|not found|forbidden|unauthorized|internal server"
    rf"|service unavailable|gateway)))",
    rf"\b(?:got|gets?|getting|returns?|returned|throws?|with) (?:a|an)? ?({_STATUS})\b(?! (?:users|rows|tasks"
    rf"|files|people|items|projects|minutes|mb|gb|licen[cs]es|seats))",
    r"(?:错误码|错误代码|错误编号|报错代码|代码|返回码|状态码|报错|错误|返回)\s*(?:是|为|:|=|了"
    r"|码)*\s*[(\"“「]?((?:[A-Z]{1,10}[-_ ]?)?\d{3,8}[A-Z]?)(?![\w]|个|条|次|人|行|字|元)",
    rf"(?<![\w.])({_STATUS})\s*(?:错误|报错)",
    rf"\b(?:shows?|says|displays?|see|seeing) (?:a |an |only )?({_STATUS})(?=\W*$|[.,;:!\n]| (?:page|when|on|if"
    rf"|after|every|and|since|for)\b)",
    rf"(?:显示|提示|出现)\s*({_STATUS})(?![\d\w])",
    r"(?:错误码|错误代码|代码|报错)\s*(?:是|为|:)*\s*([A-Z][A-Z0-9]*[-_][A-Z0-9_-]{2,30})(?![\w])",
)
_TRACE = re.compile(
    r"^[ \t>|]*((?:[a-zA-Z_][\w$]*\.)*[A-Z]\w*(?:Error|Exception|Fault|Warning|Interrupt)(?::[^\n]{1,160})?)\s*$"
    r"|((?:Uncaught |Caused by: |Unhandled )(?:\([^)]*\) )?(?:[a-zA-Z_][\w$]*\.)*[A-Z]\w*(?:Error"
    r"|Exception)(?::[^\n]{1,160})?)"
    r"|(?<![\w.$])((?:[a-zA-Z_][\w$]*\.)*[A-Z]\w+(?:Error|Exception): [^\n。]{1,160})"
    r"|(?<![\w.$])([A-Z][a-z]\w{1,80}(?:Error|Exception))\b",
    re.MULTILINE | re.ASCII,
)
_QUOTE = (
    r"(?:\"([^\"\n]{3,200})\"|“([^”\n]{3,200})”|'([^'\n]{4,200})'|‘([^’\n]{3,200})’|「([^」\n]{2,200})」"
    r"|『([^』\n]{2,200})』|《([^》\n]{2,200})》|`([^`\n]{3,200})`|【([^】\n]{2,200})】)"
)
_SAYS = of(
    rf"\b(?:error|errors|message|popup|pop-up|banner|warning|toast|notification|dialog|alert|says|say|said"
    rf"|saying|shows?|showing|reads|reading|displays?|gives me|get|gets|getting|got|see|seeing|throws|answers?"
    rf"|returns?|responds?|response|status)\b[^.!?\n\"“'‘`]{{0,40}}?{_QUOTE}",
    rf"(?:提示|显示|报错|弹出|弹窗|错误信息|错误|返回|跳出|出现|写着|说|页面上?是)[^。!?\n\"“「『'‘【]{{0,14}}{_QUOTE}",
)
_SAYS_PLAIN = of(
    r"\b(?:error(?: message| text)?|message|exception)(?: (?:is|was|reads"
    r"|says))?\s*:\s*(?![\"“'`])([^\n]{4,160}?)(?=\. [A-Z]|\n|$)",
    r"\b(?:it|page|toast|pop-?up|banner|dialog|screen|app|server|system|which) (?:reads|says"
    r"|said)\s*:\s*(?![\"“'`])([^\n]{4,160}?)(?=\. [A-Z]|\n|$)",
    r"(?:报错(?:信息|内容)?|错误(?:信息|提示|内容)|提示(?:信息)?|异常(?:信息)?)\s*(?:是"
    r"|为)?\s*:\s*(?![\"“「『])([^\n。!?]{2,120})",
    r"(?:(?:一直|总是|老是|就|会|却|页面|系统|然后)\s*)?(?:(?:提示|报错说)(?:说|我|是)?"
    r"|显示(?=[^\s,。!?;\n]{0,16}(?:失败|错误|异常|过期|无|不|没有|超时|拒绝"
    r"|已)))\s*(?![\"“「『:])((?:[^\s,。!?;\n:]){3,40})(?=[,。!?;\n]|$)",
)
_NO_ERROR = of(
    r"\b((?:there(?:'s| is| was)? |shows? |with |gives? |get |see )?(?:no|any|without an?"
    r"|without any) error (?:message|code|text)s?(?: (?:shown|at all|appears?|either))?)",
    r"((?:没有|没|并没有|也没有?|没看到)(?:任何|什么|显示)?(?:报错|错误提示|错误信息|错误码|提示)(?:信息)?)",
)
_NO_PLAIN = re.compile(
    r"^(?:我|您|你|说)?(?:是|已经|了|一下|不了|没有|怎么|什么|不出来|出来|不全|异常|正常|错误|失败)?$"
)


def errors(text: str) -> Iterator[tuple[str, str]]:
    """(kind, value) of the error texts and codes in ``text``; that there is no message is an answer as well."""
    for match in _TRACE.finditer(text):
        yield "error", next(filter(None, match.groups()))
    for match in _SAYS.finditer(text):
        yield "error", next(filter(None, match.groups()))
    for match in _SAYS_PLAIN.finditer(text):
        value = next(filter(None, match.groups()))
        if not _NO_PLAIN.match(value) and not _is_question(text, match.end()):
            yield "error", value
    for match in _NO_ERROR.finditer(text):
        if not match[0].lower().startswith("any") or re.search(
            r"\b(?:not?|n't|without)\b[^.]{0,20}$", text[: match.start()]
        ):
            yield "error", match[0]
    without_links = URL.sub(" ", text)
    for match in _CODE.finditer(without_links):
        if not is_denied(without_links[: match.start()]):
            yield "code", next(filter(None, match.groups()))


def _is_question(text: str, end: int) -> bool:
    return text[end : end + 1] == "?" or text[:end].endswith(("吗", "呢"))
