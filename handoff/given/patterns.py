"""The forms of what customers tell, on texts with folded widths. Words are ASCII words: Chinese has no spaces."""

from __future__ import annotations

import re
from collections.abc import Callable

Found = tuple[int, int, str]
"""Where it begins and ends, and what it says; "" is only blanked."""
_A = re.ASCII | re.IGNORECASE


def of(*alternatives: str, flags: int = _A) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), flags)


# --- links, addresses, numbers -------------------------------------------------------------------------------------

URL = of(
    r"\b(?:https?://|www\.)[^\s<>\"'`，。！？、；）】」』\u3400-\u9fff]+",
    r"(?<![@\w./-])[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|org|net|io|cn|dev|app|co|de|eu|uk|jp|hk|tw|cloud|ai)"
    r"(?::\d+)?/[^\s<>\"'`，。！？、；）】」』\u3400-\u9fff]*",
)
_EMAIL = of(
    r"(?<![\w.+'-])[\w.+'-]{0,63}[\w+-]@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}",
    r"(?<![\w.+-])[\w.+-]{1,64}\s?[(\[]\s?at\s?[)\]]\s?[\w-]+(?:\s?[(\[]\s?dot\s?[)\]]\s?|\.)[\w-]+\b",
)
_NOT_THEIR_EMAIL = of(
    r"\b(?:wrote|written|write|mailed|emailed|contacted|complained|replied)(?:\s+(?:an?\s+)?(?:e-?mail|mail"
    r"|it))?(?:\s+to)?\s*[<(\[]?$",
    r"(?:写给|发邮件给|联系了|联系过|来自)\s*[:<(]?\s*$",
)
_OFFICE_EMAIL = re.compile(
    r"^(?:no-?reply|do-?not-?reply|mailer-daemon|postmaster|support|help|helpdesk|info|sales|service|billing)@",
    re.IGNORECASE,
)

_PHONE = of(
    r"(?<![\w.+-])\+\d{1,3}[ ()\d-]{7,17}\d(?![\w-])",
    r"(?<![\w.-])1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![\w-])",
    r"(?:\b(?:phone|tel|mobile|cell|call me (?:on|at)|whatsapp)\b[^\n\d+]{0,24}|(?:电话|手机号?|手机号码"
    r"|联系方式)[^\n\d+]{0,8})"
    r"(\+?\d[\d ()/-]{6,17}\d)",
)

_ID = r"(?=[a-z0-9_/-]{0,40}\d{3})[a-z0-9][a-z0-9_-]{2,30}(?:/[a-z0-9-]{1,12})?(?<=[a-z0-9])"
_NUMBERED = r"(?:\s*(?:number|num|no\.?|nr\.?|id|ref(?:erence)?\.?|code|#|号码?|编号|号是|号为))"
_ORDER = of(
    rf"\b(?:order|invoice|purchase order|po|receipt|contract|quote|subscription|transaction|payment){_NUMBERED}"
    rf"\s*(?:is|was|=|:|-|是|为)?\s*#?\s*({_ID})\b",
    rf"\b(?:my|our|the|this|on|for|about|re)\s+(?:order|invoice|contract|subscription"
    rf"|transaction)\s*:?\s*#?\s*({_ID})\b",
    rf"\b(?:order|invoice|contract|receipt)\s*[#:]\s*({_ID})\b",
    rf"(?:订单|单据|发票|合同|流水|交易|采购单|付款单|账单)(?:号码?|编号|ID)?\s*(?:是|为|:|#"
    rf"|-)*\s*#?\s*({_ID})(?![a-z0-9])",
    rf"(?<!工)单号\s*(?:是|为|:|#)*\s*({_ID})(?![a-z0-9])",
    r"(?<![\w-])((?:INV|ORD|PO|SO|ORDER|SUB)[-_]?\d[\w-]{3,30})(?![\w-])",
)
_TICKET = of(
    r"\b(?:ticket|case|request|incident|issue)(?:\s*(?:number|no\.?|id|#))?\s*(?:is|was"
    r"|:)?\s*#?\s*((?:[a-z]{2,6}-?)?\d{2,12})\b",
    r"(?:工单|工单号|case|事件单)(?:号码?|编号|ID)?\s*(?:是|为|:)*\s*#?\s*((?:[a-z]{2,6}-?)?\d{1,12})(?![a-z0-9])",
    r"(?<![\w#&/])#(\d{2,12})(?![\w-])",
    r"(?<![\w-])((?:INC|CS|REQ)\d{5,10})(?![\w-])",
)
_COLOUR = re.compile(r"colou?rs?\b[^.\n]{0,12}$|颜色[^。\n]{0,6}$", re.IGNORECASE)

# --- what they work with -------------------------------------------------------------------------------------------

_N1 = r"(?:version|ver\.?|v|版本号?)?[ :]?\d+(?:\.\d+)*(?:[ ]?(?:beta|LTS|SP\d))?"
_N = rf"(?:[ ]?{_N1}(?:[ ]\({_N1}\))?|[ ]?\({_N1}\))"
_SYSTEM = of(
    r"\bwindows[ ]?(?:server[ ]?\d{4}(?:[ ]?R2)?|xp|vista|7|8\.1|8|10|11)(?:[ ]?(?:pro|home|enterprise"
    r"|\d\dH\d))*(?!\d|\.\d)",
    r"(?<=on )windows(?! (?:of|open|and doors)|[ ]?\d)\b",
    rf"\b(?:mac ?os(?: x)?|os x)(?:[ ](?:sequoia|sonoma|ventura|monterey|big sur|catalina|tahoe))?(?:{_N})?",
    rf"\b(?:ipados|ios|android|ubuntu|debian|fedora|centos|rhel|red hat|suse|linux mint|alpine|chrome ?os"
    rf"|harmonyos)(?:{_N})?(?![a-z])",
    rf"(?:鸿蒙|安卓|统信|麒麟|苹果系统|微软系统)(?:系统)?(?:OS)?(?:{_N})?",
    r"(?<![a-z])linux(?![a-z])",
    r"\bwin[ ]?(?:7|8|10|11)\b",
)
_SYSTEM_CASED = re.compile(r"\bWindows\b(?! (?:of|open|are|is|keep|pop|\d))", re.ASCII)
_BROWSER = of(
    rf"\b(?:google )?chrome(?! ?os)(?:[ ]?(?:browser|浏览器))?(?:{_N})?",
    rf"\b(?:mozilla )?firefox(?:[ ]?(?:esr|浏览器))?(?:{_N})?",
    rf"\bsafari\b(?:浏览器)?(?:{_N})?",
    rf"\bmicrosoft edge(?:{_N})?|\bms edge(?:{_N})?|\binternet explorer(?:{_N})?|\bie ?(?:8|9|10|11)\b",
    rf"(?:谷歌|火狐|360|QQ|搜狗|UC|Edge|夸克)(?:极速|安全)?浏览器(?:{_N})?|\b(?:opera|brave"
    rf"|vivaldi)(?= (?:browser|{_N}))(?: browser)?(?:{_N})?",
)
_BROWSER_CASED = re.compile(rf"\bEdge\b(?! (?:cases?|of|nodes?|computing|device))(?:{_N})?", re.ASCII)
_DEVICE = of(
    r"\biphone(?:[ ]?(?:\d{1,2}|se|xr?|xs))?(?:[ ]?(?:pro|plus|max|mini))*\b",
    r"\bipad(?:[ ]?(?:pro|air|mini))?(?:[ ]?\d{1,2})?\b",
    r"\bmac ?book(?:[ ]?(?:pro|air))?(?:[ ]?m\d)?\b|\bimac\b|\bmac mini\b|\bchromebook\b"
    r"|\bthinkpad(?:[ ][a-z]\d\w*)?\b",
    r"\bsamsung(?: galaxy)?[ ]?(?:[asz]\d{1,2}\w*|note[ ]?\d+|tab \w+)|\bgalaxy [asz]\d{1,2}\w*",
    r"\bpixel[ ]?\d\w*(?: pro)?|\bsurface(?: pro| laptop)[ ]?\d*",
    r"(?:华为|小米|红米|荣耀|三星|一加|魅族|OPPO|vivo|苹果)[ ]?(?:手机|平板|笔记本|电脑|(?:mate|p|nova|x|s|k"
    r"|reno|find)?[ ]?\d{1,3}(?:[ ]?(?:pro|plus|max|ultra))*)",
)
_DEVICE_CASED = re.compile(r"(?<=\bmy )Mac\b|(?<=\bon )Mac\b|(?<=\ba )Mac\b|(?<=[是用台])Mac\b", re.ASCII)
_APP = of(
    r"\b(?:desktop|mobile|phone|web|ios|android|windows|mac|tablet)[ ](?:app|client|version|site)\b",
    r"(?:网页版|网页端|桌面版|桌面端|电脑端|PC端|手机端|移动端|手机版|小程序|手机APP|安卓端|iOS端|苹果端"
    r"|(?:手机|桌面|电脑)客户端)",
)
_SOFTWARE = of(
    r"\b(?:ms |microsoft )?(?:excel|outlook|powerpoint|office(?= ?\d)|ms project)(?:[ ]?(?:20\d\d|365))?\b",
    rf"(?<![\w.$])(?:python|node(?:\.?js)?|java|php|ruby|go(?=[ ]?\d)|docker|kubernetes|nginx|postgres(?:ql)?"
    rf"|mysql|redis|jenkins|okta|zapier|terraform)(?:{_N})?(?![a-z]|\.[a-z]| heap|:\d)",
    rf"(?:企业微信|钉钉|飞书|微信|金山WPS|WPS)(?:{_N})?",
)

# --- the product's version, since when -----------------------------------------------------------------------------

_NUMBER = (
    r"\d{1,4}(?:\d{4,6}(?!\d|\.))?(?:\.\d{1,5}){0,4}(?:[-+.]?(?:alpha|beta|rc|build|hotfix|sp"
    r"|patch)[-. ]?\d*(?:\.\d+)*)?"
)
_DOTTED = r"\d{1,4}(?:\.\d{1,5}){1,4}(?:[-+.]?(?:alpha|beta|rc|build|hotfix|sp|patch)[-. ]?\d*(?:\.\d+)*)?"
_VERSION = of(
    rf"(?<![\w.])(?:version|ver\.?|release|build|rev\.?)(?:\s*(?:number|no\.?|is|was|=|:|#"
    rf"|installed))*\s*v?({_NUMBER})(?![\w])(?!\s*(?:of|copies|files)\b)",
    rf"(?:版本号?|内部版本)\s*(?:是|为|号|:|=|升到|升级到|更新到)*\s*v?({_NUMBER})(?![\w])",
    rf"(?<![\w.])v({_DOTTED})(?![\w])",
    rf"(?<![\w.])v?({_DOTTED})\s*(?:version|release|版本?|这个版本|那个版本)",
    r"(?<![\w.])v?(\d{2,4})\s*版本",
    rf"(?:\b(?:updated?|upgraded?|updating|upgrading|moved|switched|migrated)(?:\s+[\w.]+){{0,4}}\s+to"
    rf"|\b(?:running|we're on|we are on|i'm on|i am on|it's on|still on)|(?:升级|更新|升)(?:到|至|成|为)了?"
    rf"|(?:我们?|现在|目前|公司)(?:用|装|跑)?的?(?:是|在))\s*(?:\w+\s+)?v?({_DOTTED})(?![\w]|%|\s*(?:GB|MB|%|元"
    rf"|ms|seconds))",
    r"(?<![\w.\-/])(\d{1,2}\.\d{1,3}\.\d{1,4})(?![\w.\-/]|\.\d)",
)
_NOT_OURS = of(
    r"\b(?:api|tls|ssl|http|oauth|smtp|schema|protocol|file|document|draft|contract|policy|terms|template|sdk"
    r"|saml|odata|pdf|usb|wcag)\s*$",
    r"(?:文件|文档|合同|协议|模板|接口|草稿)的?\s*$",
)
_NOT_NOW = of(
    r"\b(?:not|isn't|wasn't|instead of|rather than|before|until|older than|newer than|than|from|since|in|with"
    r"|needs?|requires?|wait(?:ing)? for)(?:\s+(?:the|our|your|a|old))?\s*$",
    r"(?:不是|并非|而不是|之前是|以前是|原来是|从|早于|高于|低于|等)\s*$",
)
_WHEN = (
    r"(?:this|last|yesterday|today|tonight|morning|afternoon|evening|night|noon|midnight|week|month|monday"
    r"|tuesday|wednesday|thursday|friday"
    r"|saturday|sunday|january|february|march|april|may \d+|june|july|august|september|october|november"
    r"|december|update|release|upgrade"
    r"|\d{1,2}[:.]\d{2}(?: ?[ap]m)?|\d{1,2}(?:st|nd|rd|th)?(?: ?(?:am|pm|o'clock))?|20\d\d(?:-\d\d)*|UTC|CET|GMT)\b"
)
_SINCE_FORM = of(
    rf"\b(?:since|starting|started|begins?|began|ever since)\s+(?:(?:on|at|from|about|around|early"
    rf"|late)\s+)?({_WHEN}(?:\s(?:at |around |about |on |the )?{_WHEN})*)",
    r"\b((?:yesterday|this morning|last night|an hour ago|\d+ (?:minutes|hours|days"
    r"|weeks) ago))(?=[^.\n]{0,24}\b(?:on|and|it|we|everything|started|stopped)\b)",
    r"(?:从|自|自从)((?:昨|今|前|上|这|本|周|星期|\d{1,2}[月点:])[^,。;!?\n]{0,14}?)(?:开始|起|就|到现在|以来)",
    r"((?:昨天|今天|前天|昨晚|今早|刚才|上周[一二三四五六日天]?|周[一二三四五六日天])(?:早上|上午|中午|下午"
    r"|晚上|凌晨)?(?:\d{1,2}[点:]\d{0,2}分?(?:左右)?)?)(?:开始|起|就)",
)

# --- finders -------------------------------------------------------------------------------------------------------

_DENIED = of(
    r"\b(?:not|isn't|aren't|neither|instead of|rather than)\s+(?:a|an|the|my|our)?\s*$",
    r"\b(?:don't|do not|doesn't|never|didn't|haven't|no longer)\s+(?:have|use|used|using|own|run|got)\s+(?:a"
    r"|an|the|any)?\s*$",
    r"(?:不是|没有?用|不用|没装|没有|并非|而不是|不在)\s*(?:在)?\s*$",
)
_NOT_THERE = of(r"\bnot (?:on|in|using|with|under)\s+(?:a|an|the|my)?\s*$")
_WORKS = of(r"\b(?:work|open|load|happen|fine|ok|show|run|appear|does|did|is|can)", r"可以|正常|能")
_WHETHER_IT_RUNS = of(
    r"^\W*(?:(?:hi|hello|hey|and|also|so|but|ok|quick question)\W+)*(?:do|does|is|are|can|could|will|would|did"
    r"|when will)\b[^.!?\n]*\b(?:support|supported|available|compatible|run|runs|work|works|app|client|version"
    r"|plan|planned|release)\b[^.!?\n]*\?",
    r"(?:支持|兼容|适配|能在|可以在|有没有|是否有|有).{0,24}(?:吗|么|没有|\?)",
)
_BRINGS = of(
    r"\b(?:should|shall|fix(?:ed|es)?|planned|planning|released?|come|coming|available|include[ds]?|solved?|support(?:s|ed)?)\b",
    r"要不要|需要|是否|修复|支持|计划|发布|推出|上线|解决|出来|增加",
)
_TROUBLE = of(
    r"\b(?:not|n't|fails?|error|crash\w*|broken|stuck|why|blank|freez\w+|cannot|unable)\b",
    r"不[行了能]|打不开|报错|崩溃|闪退|白屏|失败|卡",
)


def is_denied(before: str) -> bool:
    near = before[-80:]
    if _NOT_THERE.search(near):
        # "It works on Firefox but not on Chrome" tells of both.
        return not _WORKS.search(near)
    return bool(_DENIED.search(near))


def _is_only_asked(text: str, start: int, end: int) -> bool:
    """Whether the sentence asks if the product runs on it: nobody said that they have it."""
    sentence, _ = _sentence_at(text, start, end)
    return bool(_WHETHER_IT_RUNS.search(sentence)) and not _TROUBLE.search(sentence)


def _sentence_at(text: str, start: int, end: int) -> tuple[str, bool]:
    """The sentence around a place, and whether it ends as a question."""
    begin = max(text.rfind(mark, 0, start) for mark in "!?。\n") + 1
    begin = max(begin, text.rfind(". ", 0, start) + 1)
    stops = [place for mark in ("?", "!", "。", "\n", ". ") if (place := text.find(mark, end)) >= 0]
    sentence = text[begin : min(stops, default=len(text)) + 1]
    return sentence, bool(re.search(r"(?:\?|吗|么)\W*$", sentence))


def _thing(*patterns: re.Pattern[str]) -> Callable[[str], list[Found]]:
    def find(text: str) -> list[Found]:
        matches = sorted((match for pattern in patterns for match in pattern.finditer(text)), key=lambda m: m.start())
        return [
            (
                m.start(),
                m.end(),
                "" if is_denied(text[: m.start()]) or _is_only_asked(text, m.start(), m.end()) else m[0],
            )
            for m in matches
        ]

    return find


def _urls(text: str) -> list[Found]:
    found = []
    for match in URL.finditer(text):
        value = match[0].rstrip(".,;:!?)]}'\"")
        if match[0].endswith(")") and "(" in value:
            value += ")"
        found.append((match.start(), match.start() + len(value), value))
    return found


def _emails(text: str) -> list[Found]:
    found = []
    for match in _EMAIL.finditer(text):
        before = text[max(0, match.start() - 40) : match.start()]
        is_other = _OFFICE_EMAIL.match(match[0]) or _NOT_THEIR_EMAIL.search(before) or is_denied(before)
        found.append((match.start(), match.end(), "" if is_other else match[0]))
    return found


def _grouped(pattern: re.Pattern[str], *, refuse: re.Pattern[str] | None = None) -> Callable[[str], list[Found]]:
    """The group of each match, unless what stands before it refuses it."""

    def find(text: str) -> list[Found]:
        found = []
        for match in pattern.finditer(text):
            value = next((group for group in match.groups() if group), match[0])
            before = text[max(0, match.start() - 40) : match.start()]
            is_refused = is_denied(before) or (refuse is not None and refuse.search(before))
            found.append((match.start(), match.end(), "" if is_refused else value))
        return found

    return find


def _versions(text: str) -> list[Found]:
    found = []
    for match in _VERSION.finditer(text):
        value = next(group for group in match.groups() if group)
        before = text[max(0, match.start() - 40) : match.start()]
        is_other = (
            re.search(r"\0[ (]{0,2}$", before)
            or _NOT_OURS.search(before)
            or _NOT_NOW.search(before)
            or _is_old(text, match)
            or _is_awaited(text, match)
        )
        found.append((match.start(), match.end(), "" if is_other else value))
    return found


def _is_awaited(text: str, match: re.Match[str]) -> bool:
    """Whether a question asks what that version brings."""
    sentence, asks = _sentence_at(text, match.start(), match.end())
    return asks and bool(_BRINGS.search(sentence))


def _is_old(text: str, match: re.Match[str]) -> bool:
    """The first of "from 3.1 to 3.2": what they had before."""
    after = text[match.end() : match.end() + 14]
    return bool(re.match(r"\s*(?:to|->|→|升级?到|更新到|升到)", after))


KEPT = frozenset({"app"})
"""Kinds whose words are left in place: the version of the desktop app is the product's."""
FINDERS: tuple[tuple[str, Callable[[str], list[Found]]], ...] = (
    ("url", _urls),
    ("email", _emails),
    ("phone", _grouped(_PHONE)),
    ("order", _grouped(_ORDER)),
    ("ticket", _grouped(_TICKET, refuse=_COLOUR)),
    ("app", _thing(_APP)),
    ("device", _thing(_DEVICE, _DEVICE_CASED)),
    ("browser", _thing(_BROWSER, _BROWSER_CASED)),
    ("system", _thing(_SYSTEM, _SYSTEM_CASED)),
    ("software", _thing(_SOFTWARE)),
    ("version", _versions),
    ("since", _grouped(_SINCE_FORM)),
)
