"""E-mail domains that may stand for a company: one spelling for each, and none at which anybody can have an address."""

from __future__ import annotations

import re
import unicodedata

from handoff.errors import BadDomain, PublicDomain
from handoff.wording import clean

LONGEST = 253
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# A keyboard that is set to Chinese or Japanese has its own full stop.
_DOTS = str.maketrans("。｡", "..")

# Where people have private addresses. What ends in one of these belongs to it as well (vip.qq.com).
_PROVIDERS = """
    gmail.com googlemail.com icloud.com me.com mac.com aol.com msn.com live.com live.cn live.de live.fr live.nl
    live.co.uk passport.com ymail.com rocketmail.com mail.com email.com usa.com proton.me protonmail.com
    protonmail.ch pm.me tutanota.com tuta.com tuta.io fastmail.com fastmail.fm hey.com zoho.com zohomail.com
    duck.com qq.com foxmail.com 163.com 126.com yeah.net 188.com sina.com sina.cn sina.com.cn sohu.com 139.com
    189.cn wo.cn aliyun.com tom.com 21cn.com 263.net naver.com daum.net hanmail.net nate.com kakao.com docomo.ne.jp
    ezweb.ne.jp softbank.ne.jp mail.ru bk.ru inbox.ru list.ru internet.ru rambler.ru ya.ru ukr.net web.de
    t-online.de freenet.de arcor.de posteo.de mailbox.org orange.fr wanadoo.fr free.fr laposte.net sfr.fr libero.it
    virgilio.it alice.it tiscali.it wp.pl o2.pl onet.pl interia.pl seznam.cz centrum.cz bluewin.ch hispavista.com
    terra.com.br uol.com.br bol.com.br rediffmail.com comcast.net verizon.net att.net sbcglobal.net cox.net
    btinternet.com sky.com bigpond.com telstra.com shaw.ca rogers.com sympatico.ca mailinator.com guerrillamail.com
    10minutemail.com
"""
PUBLIC_MAIL = frozenset(_PROVIDERS.split())
# Providers with an ending for every country: yahoo.co.jp, gmx.net.
_FAMILIES = frozenset({"yahoo", "hotmail", "outlook", "gmx", "yandex"})
# Endings under which countries give domains out: whatever stands before co.uk has nothing to do with its neighbours.
_ENDINGS = "ac co com edu firm gen gob gouv gov govt go gv id ind info ltd me mil ne net nom or org plc res sch"
_REGISTRIES = frozenset(_ENDINGS.split())


def normal_domain(text: str) -> str:
    """The one way in which a domain is kept and looked up: lower case, each label as ASCII (IDNA).

    A whole address, or one with its @ alone, counts by what follows the @. Raises BadDomain.
    """
    plain = unicodedata.normalize("NFKC", clean(text)).translate(_DOTS).strip().lower()
    domain = ".".join(_ascii(label) for label in plain.rpartition("@")[2].removesuffix(".").split("."))
    if len(domain) > LONGEST or not is_domain(domain):
        raise BadDomain
    return domain


def company_domain(text: str) -> str:
    """The domain, if it can be one company's alone. Raises BadDomain, or PublicDomain with the reason."""
    domain = normal_domain(text)
    if is_public(domain):
        raise PublicDomain(
            f"Anybody can have an address at {domain}, so it tells nothing of an account. "
            "Use a domain of the company's own, or make a link for each person."
        )
    return domain


def readable(domain: str) -> str:
    """The domain in the letters of its owners: what xn-- stands for. Only to be shown."""
    return ".".join(_letters(label) for label in domain.split("."))


def is_domain(domain: str) -> bool:
    """Whether ``domain``, in ASCII, has at least two labels and an ending that is no number (no IP address)."""
    labels = domain.split(".")
    return len(labels) > 1 and not labels[-1].isdecimal() and all(_LABEL.fullmatch(label) for label in labels)


def is_public(domain: str) -> bool:
    """Whether addresses there belong to people rather than to one company; ``domain`` is normal."""
    if any(parent in PUBLIC_MAIL for parent in with_parents(domain)):
        return True
    name, *ending = domain.split(".")
    return _is_registry([name, *ending]) or (name in _FAMILIES and _is_registry(ending))


def with_parents(domain: str) -> tuple[str, ...]:
    """The domain and those above it, the nearest first, down to two labels: eu.example.com, example.com."""
    labels = domain.split(".")
    return tuple(".".join(labels[start:]) for start in range(len(labels) - 1))


def _is_registry(labels: list[str]) -> bool:
    """Whether these labels are an ending under which domains are given out: com, or co.uk."""
    if len(labels) == 1:
        return True
    return len(labels) == 2 and len(labels[1]) == 2 and labels[0] in _REGISTRIES


def _letters(label: str) -> str:
    try:
        return label[4:].encode().decode("punycode") if label.startswith("xn--") else label
    except UnicodeError:
        return label


def _ascii(label: str) -> str:
    """A label as the domain name system writes it; what holds more than letters, marks and digits is none."""
    if label.isascii():
        return label
    if not all(mark == "-" or unicodedata.category(mark)[0] in "LMN" for mark in label):
        raise BadDomain
    return "xn--" + label.encode("punycode").decode("ascii")
