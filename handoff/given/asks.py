"""What a reply asks the customer for, so that nobody is asked twice.

A warning that is wrong teaches agents to overlook it: only a sentence that requests, with the detail as what it
requests, counts; and only what was given for just that, a browser for a browser, counts as given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from handoff.given.details import Detail, Given, folded
from handoff.given.remedies import remedies_in
from handoff.given.sentences import sentences_of

_I = re.IGNORECASE


@dataclass(frozen=True)
class Asked:
    """One thing that a sentence asks for. ``remedies``: of TRIED, those it names; none where it asks for all.

    ``with_number``: it asks which version of a browser or system it is, not only which one.
    """

    detail: Detail
    remedies: frozenset[str] = frozenset()
    with_number: bool = False


_REQUESTS = re.compile(
    r"\?\s*$|\b(?:please|kindly|pls)\b|\b(?:could|can|would|will|may|might) (?:you|i|we)\b|\blet (?:me|us) know\b"
    r"|\b(?:i|we)(?:'d|'ll| would| will| also| still)* (?:need|like|require|want)\b|\b(?:tell|send|give) (?:me"
    r"|us)\b|\bwould (?:help|be (?:great|good|useful|helpful))\b"
    r"|^\W*(?:what|which|do you|did you|have you|are you|is (?:it|this|that))\b",
    _I,
)
_REQUESTS_ZH = re.compile(
    r"请|麻烦|能否|可否|方便|劳烦|需要(?:您|你)|(?:吗|么|呢|哪|什么|多少|啥)\W*|[?？]\s*$|告知|告诉|提供"
    r"|发(?:给)?(?:我|一下|过来|一份)|给我|贴(?:一下|出)|报(?:一下|给)|补充"
)

_TELL = (
    r"(?:tell|send(?:ing)?|shar(?:e|ing)|provid(?:e|ing)|giv(?:e|ing)|let (?:me|us) (?:know|have)|specify"
    r"|mention|forward|paste|copy|attach|post|upload|know|need|see"
    r"|look up|include|reply with|note down|have)(?:\s+(?:me|us|back|over|down|along|here))*"
)
_GAP = (
    r"(?:\s+(?!to\b|by\b|via\b|in\b|into\b|per\b|through\b|from\b|using\b|that\b|whether\b|if\b|when\b|once\b"
    r"|after\b)[\w'’/-]+){0,6}?\s+"
)
_OPEN = r"(?:what(?:'s| is| was| are| were)?|which)"
_OWN = (
    r"(?:the |your |an? |any |its |their |this |that |exact |full |complete |specific |relevant |original "
    r"|current |affected "
    r"|product(?:'s)? |firstline |app(?:lication)? |software |registered |account )*"
)
_ZH_TELL = (
    r"(?:提供|告知|告诉|发|给|贴|报|说|补充|确认|附上|上传|填写?|写|留)(?:一下|下|给|个)?(?:我们?|过来"
    r"|出来)?(?:一下|下)?"
)
_ZH_OWN = (
    r"(?:您|你)?(?:当前|目前|现在)?(?:所)?(?:的|用的|使用的|遇到的|看到的|完整的?|具体的?|详细的?|准确的?"
    r"|相关的?|对应的?|注册的?"
    r"|产品的?|软件的?|系统的?|页面的?|一下|这个|那个)*"
)
_LIST = re.compile(
    rf"\b{_TELL}\b|\b(?:details|information|following)\b[^:]*:|(?:提供|告知|告诉|需要|发|以下)[^:,]*[:]?", _I
)
_ITEMS = re.compile(r"\s*(?:[,;:、]|\band\b|\bor\b|\bas well as\b|\bplus\b|以及|还有|和|及|与|\s\d[.)])\s*", _I)
_THANKS = re.compile(r"\b(?:thank you|thanks|thx)(?: \w+)? for [^,.!?]*|(?:感谢|谢谢|收到)(?:您|你)?[^,。!?]*", _I)
_PICTURED = re.compile(r"\b(screen ?shots?|screen recordings?) (?:of|showing|with) [^,.!?]*", _I)
"""A picture of the error is a picture, not its text."""


@dataclass(frozen=True)
class _Form:
    """How a detail is asked for. ``item``: it stands in a list of what is wanted."""

    detail: Detail
    sentence: re.Pattern[str]
    item: re.Pattern[str]

    def is_in(self, sentence: str, items: Sequence[str]) -> bool:
        return bool(self.sentence.search(sentence)) or any(self.item.match(item) for item in items)


def _form(detail: Detail, noun: str, zh: str, more: str = "") -> _Form:
    """``noun`` and ``zh`` name the detail; ``more``: other ways of asking for it."""
    forms = (
        rf"\b{_TELL}{_GAP}?(?:{_OWN})(?:{noun})\b",
        rf"\b{_OPEN}\s+(?:{_OWN})(?:{noun})\b",
        rf"^\W*(?:and )?(?:{_OWN})(?:{noun})\s*(?:,? please)?\s*\?\s*$",
        rf"\bconfirm (?:{_OWN})(?:{noun})\b(?! (?:is|was|has|works|received))",
        rf"{_ZH_TELL}[^,。?!到至了已]{{0,10}}?{_ZH_OWN}(?:{zh})",
        rf"(?:{zh})(?:号|信息)?(?:具体|分别|大概)?(?:是|为)?(?:什么|多少|哪|啥|几)",
        rf"(?:哪个|哪种|什么|哪款|啥|哪一个|哪一?种|多少)[^,。?!]{{0,2}}(?:{zh})",
        rf"(?:{zh})(?:发|提供|告知|告诉|贴|报|给)(?:一下|下|给)?(?:我|吗|过来|出来)?",
        rf"(?:需要|还需|缺少?|麻烦|请)(?:您|你)?(?:的|提供|确认)*{_ZH_OWN}(?:{zh})(?=[,。?!\s]|以便|来|才|方便|$)",
        rf"有(?:没有)?(?:{zh})(?:吗|么)?\W*$",
        *filter(None, (more,)),
    )
    item = rf"^[\W\d]*(?:{_OWN})(?:{noun})\W*$|^[\W\d]*{_ZH_OWN}(?:{zh})\W*$"
    return _Form(detail, re.compile("|".join(forms), _I), re.compile(item, _I))


_FORMS = (
    _form(
        Detail.VERSION,
        r"(?<!web )(?<!desktop )(?<!mobile )(?<!free )(?<!trial )(?<!new )(?<!latest )(?<!its )(?:version"
        r"|release|build)(?: (?:number|no\.?))?"
        r"(?! (?:of (?!(?:the |our |your )?(?:product|app|software|client|server)\b)|would|should"
        r"|do you (?:want|prefer|need)|fixes|has|is (?:recommended|needed|best)|\d))",
        r"(?:产品|软件|系统|客户端)?版本号?|几点几(?:版)?",
    ),
    _form(
        Detail.BROWSER,
        r"(?:web )?browsers?(?: and (?:browser )?version| version)?(?! (?:would|should|cache|settings"
        r"|extensions?|window|tab|console))",
        r"浏览器(?!缓存|设置|插件|里|中|上)",
    ),
    _form(
        Detail.SYSTEM,
        r"(?:operating system|os|platform)(?: version)?(?! (?:would|should))",
        r"操作系统|(?:电脑|手机)系统|系统(?=版本|是|吗|\W*$)",
    ),
    _form(
        Detail.DEVICE,
        r"(?:device|phone|computer|hardware|machine|laptop|tablet)(?: model| type)?(?! (?:number|would|should"
        r"|settings|again))",
        r"设备|手机型号|机型|型号|电脑型号|手机(?=是|\W*$)",
    ),
    _form(
        Detail.ERROR,
        r"(?:errors?|error messages?|error text|exception|stack ?trace|traceback|(?:wording"
        r"|text) of the (?:error|message))"
        r"(?! (?:code|number|rate|is|was|means|occurs|logs?))",
        r"(?:报错|错误|出错)(?:信息|提示|内容|文字|原文)?(?!截图|码|代码|页面)|提示(?:信息|内容)|异常信息",
        r"\bwhat (?:exactly )?(?:does|did) (?:the |it |this )?(?:\w+ ){0,2}(?:error|message|pop-?up|banner"
        r"|page|dialog|it)(?: message)? (?:say|read|show)\b"
        r"|(?:提示|显示)(?:了|的是|的)?(?:什么|啥)",
    ),
    _form(Detail.CODE, r"error (?:code|number)s?|status code", r"(?:错误|报错|状态)(?:码|代码|编号|代号)"),
    _form(
        Detail.ORDER,
        r"(?:order|invoice|contract|purchase order|receipt|transaction|subscription)(?:'s)? (?:number|no\.?|id"
        r"|#|reference)"
        r"(?: or [\w ]+ (?:number|id))?",
        r"(?:订单|发票|合同|流水|交易|账单)(?:号码?|编号|ID)|(?<!工)单号",
    ),
    _form(
        Detail.TICKET, r"(?:ticket|case|request|incident)(?: (?:number|no\.?|id|#|reference))", r"工单(?:号码?|编号)"
    ),
    _form(
        Detail.EMAIL,
        r"(?:registered |account |login |contact |work )*e-?mail (?:address(?:es)?|id)",
        r"(?:注册|登[录陆]|联系|绑定|账号|电子|账户)的?(?:邮箱|邮件)(?:地址|账号)?(?!里|中|设置|验证|客户端)"
        r"|(?:邮箱|邮件)(?:地址|账号)|邮箱(?!里|中|设置|验证)",
        r"\b(?:what(?:'s| is)|which) (?:is )?(?:your )?(?:account |login )?e-?mail\b(?! address)"
        r"|\b(?:tell|share|provide|give|let (?:me|us) (?:know|have)|need|have|send)(?: me"
        r"| us)? your (?:account |registered )?e-?mail\b(?! (?:client|settings|server))",
    ),
    _form(
        Detail.PHONE,
        r"(?:tele)?phone number|(?:mobile|contact|cell|call-?back) number|number (?:we can|can we|to"
        r"|should we) (?:call|reach)",
        r"(?:联系)?(?<!打)(?<!打个)电话(?:号码?)?|手机号码?|联系方式",
    ),
    _form(
        Detail.URL,
        r"(?:url|web ?address|page address|(?:link|url|address) (?:of|to) (?:the|your|that|this) (?:page|board"
        r"|project|workspace|task|document|site))s?",
        r"(?:页面|项目|文档|看板|出错)的?(?:链接|网址|地址)|网址|URL|链接(?=发|贴|给|是|\W*$)",
    ),
    _form(
        Detail.SCREENSHOT,
        r"(?:screen ?shots?|screen ?captures?|screen recordings?|(?:picture|photo|image|video)s? of (?:the"
        r"|your|what|it))",
        r"(?:报错|错误|页面|完整)?的?(?:截图|截屏|屏幕截图|录屏)",
        r"截(?:个|一?张)?图(?:发|给|看)",
    ),
)
_SINCE = re.compile(
    r"\bwhen (?:did|was) (?:this|it|that|the \w+)(?: \w+){0,3} (?:start|begin|first|happen|noticed?)|\bsince when\b"
    r"|\bwhen (?:it|this|that) (?:first |last )?(?:happened|started|began)\b"
    r"|\bhow long (?:has|have) (?:this|it|that|you)\b"
    r"|(?:什么时候|何时|几点|哪天)(?:开始|起|出现|发生)|(?:从|自)(?:什么时候|何时|几点|哪天)|(?:出现|持续"
    r"|发生)(?:了)?多久",
    _I,
)
_WHERE_THEY_ARE = re.compile(
    r"\b(?:are you|is (?:this|that|it)|do you|were you|does (?:this|it|that))\b[^.?]{0,40}?\b(?:on|in|using"
    r"|use|with)\b[^.?]{0,24}?\b(windows|mac\w*|linux|ios|android|iphone|ipad|chrome|firefox|safari|edge"
    r"|desktop app|mobile app|web (?:app|version)|desktop|mobile|phone|tablet|app|browser)\b[^.?]*\?"
    r"|(?:是|用的?是?|在)[^。,，?？]{0,8}?(电脑端|手机端|网页版|桌面版|电脑|手机|网页|客户端|APP|Windows|Mac"
    r"|安卓|苹果|Chrome|谷歌浏览器|火狐)[^。?？]{0,12}还是",
    _I,
)
_PLACES = {
    Detail.SYSTEM: re.compile(r"windows|mac|linux|ios|android|安卓|苹果", _I),
    Detail.BROWSER: re.compile(r"chrome|firefox|safari|edge|\bbrowser\b(?! or)|浏览器|火狐", _I),
    Detail.APP: re.compile(r"app|desktop|mobile|web|电脑端|手机端|网页|桌面|客户端|电脑|手机", _I),
    Detail.DEVICE: re.compile(r"iphone|ipad|phone|tablet|平板", _I),
}
_VERSION_OF = re.compile(
    r"(?:which|what|the|your) (?:version of )?(?P<one>chrome|firefox|safari|edge|(?:your |the )?browser"
    r"|windows|mac ?os|ios|android|(?:your |the )?(?:operating system|os))(?:'s)?(?: version)?\b"
    r"|(?P<two>浏览器|Chrome|Windows|安卓|iOS|macOS|操作系统|手机系统)的?版本",
    _I,
)
_TRIED_ASKED = re.compile(
    r"\b(?:have|had|did) you (?:also |already |perhaps |maybe |by any chance |ever )*(?:try|tried|re-?start"
    r"|re-?boot|clear|re-?install|refresh|log|sign|switch|disable|update|upgrade|reset|check)\w*"
    r"|\bwhat (?:else )?(?:have|did) you (?:already )?(?:tried|try|done|do)\b|\bwhich (?:steps|things)\b"
    r"|\b(?:steps|things|anything) (?:that )?you(?:'ve| have)? (?:already )?(?:tried|taken|done)\b"
    r"|\b(?:please|could you|can you|would you|kindly) (?:please |also |first )*(?:try (?:to )?|restart|reboot"
    r"|clear|reinstall|refresh|reload|log out|sign out)"
    r"|(?:有没有|是否|是不是|可曾|之前)?(?:已经)?(?:尝试|试)过[^。]{0,30}(?:吗|么|哪些|什么|没有|\?|？)"
    r"|(?:做过|试过)(?:哪些|什么)"
    r"|(?:请|麻烦|建议)?(?:您|你)?(?:先|再)?(?:试试|试一下|试下|尝试|重启|刷新|重新登[录陆]"
    r"|清[除理空]?(?:一下)?.{0,4}缓存|重装|重新安装|换.{0,4}浏览器)"
    r"|(?:重启|刷新|重新登[录陆]|缓存|重装)[^。,，]{0,8}(?:过|了)(?:吗|么|没有|没)",
    _I,
)
_ALL_TRIED = re.compile(
    r"\bwhat (?:else )?(?:have|did) you|\bwhich (?:steps|things)\b|\b(?:steps|things|anything) (?:that )?you"
    r"|(?:做过|试过|尝试过)(?:了)?(?:哪些|什么)",
    _I,
)


def asked_in(text: str) -> tuple[Asked, ...]:
    """What ``text``, which an agent is about to send, asks the customer for, each once."""
    found: dict[Asked, None] = {}
    for sentence in sentences_of(folded(text)):
        wanted = _PICTURED.sub(r"\1", _THANKS.sub(" ", sentence))
        if _REQUESTS.search(wanted) or _REQUESTS_ZH.search(wanted):
            found.update(dict.fromkeys(_in_sentence(wanted)))
    return tuple(found)


def asks_for(text: str) -> list[Detail]:
    """The kinds of details that ``text`` asks the customer for, each once."""
    return list(dict.fromkeys(asked.detail for asked in asked_in(text)))


def repeated(text: str, given: Sequence[Given]) -> list[Given]:
    """Of what the customer has given, what ``text`` asks for all the same."""
    asked = asked_in(text)
    return [one for one in given if any(_answers(one, each) for each in asked)]


def _answers(given: Given, asked: Asked) -> bool:
    if given.detail is not asked.detail:
        return False
    if given.detail is Detail.TRIED and asked.remedies:
        return bool(given.remedies & asked.remedies)
    return not asked.with_number or any(mark.isdigit() for mark in given.value)


def _in_sentence(sentence: str) -> Iterable[Asked]:
    if of := _VERSION_OF.search(sentence):
        yield Asked(_carrier(of["one"] or of["two"]), with_number=True)
        sentence = sentence.replace(of[0], " ")
    listed = _LIST.search(sentence)
    items = _ITEMS.split(sentence[listed.end() :]) if listed else []
    yield from (Asked(form.detail) for form in _FORMS if form.is_in(sentence, items))
    if _SINCE.search(sentence):
        yield Asked(Detail.SINCE)
    if _WHERE_THEY_ARE.search(sentence):
        yield from (Asked(detail) for detail, pattern in _PLACES.items() if pattern.search(sentence))
    if _TRIED_ASKED.search(sentence):
        remedies = remedies_in(sentence)
        if remedies or _ALL_TRIED.search(sentence):
            yield Asked(Detail.TRIED, frozenset() if _ALL_TRIED.search(sentence) else remedies)


def _carrier(name: str) -> Detail:
    is_browser = re.search("chrome|firefox|safari|edge|browser|浏览器", name, _I)
    return Detail.BROWSER if is_browser else Detail.SYSTEM
