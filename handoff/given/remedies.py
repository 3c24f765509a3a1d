"""What a customer has tried already: the sentence that says so, and what it amounts to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from handoff.given.sentences import clauses_of

_I = re.IGNORECASE
REMEDIES: dict[str, re.Pattern[str]] = {
    name: re.compile(pattern, _I)
    for name, pattern in {
        "restart": r"\b(?:re-?start|re-?boot|power[- ]?cycl|turn(?:ed|ing)? (?:it )?off and on)|重启"
        r"|重新启动|重开|关机",
        "cache": r"\b(?:cache|cookies?|history)\b|缓存|cookie|浏览记录|历史记录",
        "reinstall": r"\b(?:re-?install|un-?install)|重装|重新安装|卸载",
        "sign in again": r"\b(?:log(?:ged|ging)?[ -]?(?:out|off|in|back in)|sign(?:ed|ing)?[ -]?(?:out|off"
        r"|in|back in)|re-?log)"
        r"|重新登[录陆]|退出登[录陆]|退出(?:了)?(?:账号|重登|再登)|重登|登出",
        "refresh": r"\b(?:refresh|reload|f5)|刷新",
        "another browser": r"\b(?:other|another|different|second|several|all|two|three|both) browsers?"
        r"|\b(?:chrome|firefox|safari"
        r"|edge)\b.{0,20}\b(?:and|or|both|too|as well)\b"
        r"|\b(?:tried|in|with) (?:it )?(?:in |on |with )?(?:chrome|firefox|safari|edge)\b|(?:换|别的|其他"
        r"|另一个|几个|多个|不同)(?:了|过|个)*浏览器",
        "private window": r"\b(?:incognito|private (?:window|mode|browsing)|inprivate)|无痕|隐身|隐私(?:模式|窗口)",
        "another device": r"\b(?:other|another|different|second|colleague's) (?:computer|pc|laptop|machine"
        r"|device|phone|mac)"
        r"|(?:换|别的|其他|另一台|另外一台|同事的)(?:了|过|台|个|部)*(?:电脑|设备|手机(?!热点|流量|号|卡)|机器|平板)",
        "another network": r"\b(?:other|another|different) (?:network|wi-?fi|connection|internet)|\b(?:vpn"
        r"|proxy|hotspot"
        r"|mobile data)\b"
        r"|(?:换|别的|其他|另一个)(?:了|过|个)*(?:网络|wifi|网)|热点|流量|代理|VPN",
        "extensions": r"\b(?:extensions?|add-?ons?|plug-?ins?|ad-?block\w*)|插件|扩展|广告拦截",
        "update": r"\b(?:updat(?:e|ed|ing)|upgrad(?:e|ed|ing)|newest version|latest version)|升级|更新|最新版",
        "password": r"\b(?:(?:re-?set|chang(?:e|ed|ing)) (?:\w+ ){0,2}password|password reset|forgot)|(?:重置|修改|改"
        r"|换)(?:了|过)*密码|忘记密码",
        "another account": r"\b(?:other|another|different) (?:account|user|login)|(?:换|别的|其他"
        r"|另一个)(?:了|过|个)*(?:账号"
        r"|帐号|用户)",
        "spam folder": r"\b(?:spam|junk)\b|垃圾(?:邮件|箱)",
        "article": r"\b(?:article|documentation|docs|help page|manual|guide|instructions|steps)\b|文档|帮助|教程|说明"
        r"|步骤",
        "settings": r"\b(?:settings?|permissions?|config\w*)\b|设置|权限|配置",
    }.items()
}

# "I tried to export" is the matter, not a remedy; "have you tried", "should I try" and "not tried yet" are none either.
_SAYS_TRIED = re.compile(
    r"\b(?:i|we|my colleagues?|our admin|they|he|she|it)?(?:'ve| have| had| did|'d)?\s*(?:already |also |even "
    r"|then |just |both )*"
    r"tried\b(?! to (?!re|clear|log|sign|upd|upg|switch|chang|reset|re-))"
    r"|\b(?:already|have|'ve|i|we|and|then|even|also|by|after|despite|tried|,)\s+(?:already\s+|also\s+|even\s+"
    r"|then\s+|just\s+|now\s+)*"
    r"(?:re-?start(?:ed|ing)|re-?boot(?:ed|ing)|clear(?:ed|ing)|re-?install(?:ed|ing)|un-?install(?:ed|ing)"
    r"|reset(?:ting)?|refresh(?:ed|ing)|reload(?:ed|ing)"
    r"|logg(?:ed|ing) (?:out|in|off)|sign(?:ed|ing) (?:out|in|off)|switch(?:ed|ing)|disabl(?:ed|ing)|turn(?:ed"
    r"|ing) off|updat(?:ed|ing)|upgrad(?:ed|ing)|chang(?:ed|ing)|delet(?:ed|ing)|checked|follow(?:ed|ing)"
    r"|used another)\b"
    r"|^(?:re-?started|re-?booted|cleared|re-?installed|un-?installed|refreshed|reloaded|reset|logged (?:out"
    r"|off|in)|signed (?:in|out)|switched|disabled|turned off|updated|upgraded|changed|deleted|checked"
    r"|followed)\b"
    r"|\b(?:i|we) did (?:already |also |even )?(?:re-?start|re-?boot|clear|re-?install|sign (?:in|out)"
    r"|log (?:in|out)|refresh|reload|reset|update|change|check|follow)\b",
    _I,
)
_SAYS_TRIED_ZH = re.compile(
    r"(?:已经|都|也|还|我|我们|刚才|刚刚|昨天|自己)?(?:尝试过?了?|试过了?|试了|试遍了?)"
    r"|(?:重启|重装|刷新|重新登[录陆]|重新安装|重新启动|卸载|退出|清[除理空]?|换|升级|更新|重置|关闭|关掉|禁用"
    r"|检查|看|用|按照?.{0,8}(?:操作|做))(?:了|过)"
    r"|(?:重启|重装|刷新|重新登[录陆]|重新安装|换.{1,6}|清.{0,6}缓存|升级.{0,6}|更新.{0,6}|重置.{0,4})(?:也"
    r"|还是|都|后还|之后还|以后还|依然|仍然|没用|无效)"
)
_NOT_TRIED = re.compile(
    r"\b(?:haven't|have not|hasn't|didn't|did not|not|never|without|should i|shall i|could i|can i|do i"
    r"|would it|if i|will|to avoid|before|have you|did you|when i|how (?:do|can)|want to|need to"
    r"|going to)\b[^.]{0,24}$",
    _I,
)
_NOT_TRIED_ZH = re.compile(
    r"(?:还没有?|没有?|未|不想|不敢|要不要|需要|是不是要|是否要|应该|可以|能不能|怎么|如何|想要?|准备|打算"
    r"|如果|等|你们?|您)[^,。]{0,6}$"
)
_ASKS = re.compile(r"(?:\?|吗|么|呢)\W*$")
_TASK = re.compile(
    r"\btried (?:to )?(?:export|import|creat|add|delet|upload|download|open|pay|order|buy|invit|mov|send|sav"
    r"|shar|connect)\w*",
    _I,
)


def tried_in(sentences: Iterable[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """(the words that say so, what it amounts to) of each sentence that tells of something tried."""
    for sentence in sentences:
        clauses = clauses_of(sentence)
        # Of a question only what is told before it counts.
        told = clauses[:-1] if _ASKS.search(sentence) else clauses
        said = [clause for clause in told if _is_tried(clause)]
        if said:
            kinds = remedies_in(sentence if _is_a_list(sentence, said) else " ".join(said))
            yield _shown(sentence, said), kinds


def remedies_in(text: str) -> frozenset[str]:
    """What kinds of remedy ``text`` names."""
    return frozenset(name for name, pattern in REMEDIES.items() if pattern.search(text))


def _is_tried(clause: str) -> bool:
    if _ASKS.search(clause):
        return False
    for pattern, denied in ((_SAYS_TRIED, _NOT_TRIED), (_SAYS_TRIED_ZH, _NOT_TRIED_ZH)):
        match = pattern.search(clause)
        if match and not denied.search(clause[: match.start()]) and not denied.search(clause[: match.end()]):
            if pattern is _SAYS_TRIED and _TASK.search(clause) and not remedies_in(clause):
                continue
            if "tried" in match[0].lower() or "试" in match[0] or remedies_in(clause):
                return True
    return False


def _is_a_list(sentence: str, said: list[str]) -> bool:
    """ "I tried another browser, clearing the cache and a restart": what follows belongs to it."""
    return bool(re.search(r"\btried\b|试", said[0], _I)) and len(sentence) <= 200


def _shown(sentence: str, said: list[str]) -> str:
    return sentence if len(sentence) <= 160 else ", ".join(said)
