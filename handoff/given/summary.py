"""What a customer wants, in one or two sentences of their own, so that nothing is said which they did not."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from handoff.given.details import Words, folded
from handoff.given.sentences import clauses_of, sentences_of

LONGEST = 240
_I = re.IGNORECASE
_MOST_SENTENCES = 40

_TROUBLE = re.compile(
    r"\b(?:can(?:'t|not| not)|could(?:n't| not)|(?:does|do|did|is|are|was|has|have|wo)(?:n't| not)|not work\w*"
    r"|no longer|never|nobody|no one|any ?more|unable|fail\w*|errors?|crash\w*|broken|stuck|blank|empty"
    r"|nothing|missing|lost"
    r"|gone|wrong|slow"
    r"|freez\w+|denied|expired?|refused|locked|charged|disappeared|problem|issue|bug|keeps?|stopped|double|twice"
    r"|instead of)\b"
    r"|不[能了到上行对动开]|无法|失败|报错|错误|出错|打不开|没有?收到|收不到|没反应|崩溃|闪退|白屏|空白|空的|卡[住死在]"
    r"|丢失|不见|过期|找不到|异常|问题|扣了|超时|乱码|连不上|重复",
    _I,
)
_WANT = re.compile(
    r"\b(?:how (?:do|can|to|should)|where (?:do|can|is)|why|what|which|when|is (?:it|there)|can (?:i|we|you)"
    r"|could (?:i|we|you)|(?:i|we)(?:'d| would)? (?:need|want|like)|please|refund|cancel|upgrade|downgrade"
    r"|invoice|delete|change|move)\b"
    r"|怎么|如何|为什么|为何|能不能|可以|是否|想要?|希望|需要|请问|帮(?:我|忙)|退款|取消|升级|开(?:具)?发票"
    r"|哪里|在哪|吗",
    _I,
)
_EMPTY = re.compile(
    r"^\W*(?:(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|greetings)\b[^.!?,]{0,30}"
    r"|(?:many )?(?:thanks|thank you|thx|cheers|best|(?:kind|best|warm) regards|regards|sincerely|yours)\b[^.!?]{0,40}"
    r"|(?:ok|okay|bye|goodbye|see you|yes|no|hmm+|well|sure|alright|sorry|please|urgent|asap|anyone(?: there)?|hello)+"
    r"|i (?:have|'ve got|got) (?:a|one|another|some) (?:quick |small |big )?(?:question|problem|issue|request)s?"
    r"|(?:您|你)好[啊呀]?|在吗|有人吗|谢谢[您你]?|多谢|感谢|好的?|嗯+|请问一下|我想问一下|我有个问题|麻烦了"
    r"|再见|拜拜|急|喂)\W*$",
    _I,
)
_PERSON = re.compile(
    r"\b(?:talk|speak|chat|connect|transfer|get|give|want|need|let)\b[^.!?]{0,30}\b(?:human|person|agent"
    r"|somebody|someone|representative|operator|real people|support (?:team|staff))\b"
    r"|^\W*(?:human|agent|person|operator)\b(?: please)?\W*$|(?:转|找|要|接)(?:一下|个)?(?:人工|真人|客服|人)"
    r"|^\W*(?:人工|客服|真人)(?:服务|客服)?\W*$|人工(?:服务|客服|处理)",
    _I,
)
_DISSATISFIED = re.compile(
    r"^\W*(?:(?:no|nope|sorry|that|this|it|your answer)\W+)*(?:did(?:n't| not)|does(?:n't| not)|(?:is|'s|s)(?:n't| not)"
    r"|was(?:n't| not)) (?:help|work|what i (?:asked|meant|need)|useful|it"
    r"|right|answer)\b[^.!?]{0,40}\W*$"
    r"|^\W*(?:still (?:not|the same|no)|same (?:problem|thing|issue)|not helpful|useless)\b[^.!?]{0,30}\W*$"
    r"|^\W*(?:(?:这个|还是|都|回答|并|也|根本)*(?:没用|没有用|不行|不对|没有帮助|没帮助|没解决|解决不了"
    r"|不是这个|答非所问|看不懂))[^。!?]{0,8}\W*$",
    _I,
)
_LOG = re.compile(
    r"^\s*(?:at |File \"|Traceback|\[?\d{4}-\d\d-\d\d[T ]\d|[>|]|\d\d:\d\d:\d\d|#\d+ |[{}\[\]<]|---)|(?:Error"
    r"|Exception)(?::|$)"
)
_TRIED = re.compile(
    r"\b(?:already|tried|restarted|reinstalled|cleared|followed|i (?:have )?read)\b"
    r"|试过|试了|重启|重装|清.{0,4}缓存|缓存.{0,3}清|按照?.{0,6}步骤|看[了过](?:文档|教程|帮助|说明)",
    _I,
)
_PLEA = re.compile(
    r"\b(?:can|could|would|will) (?:you|anyone|somebody|someone)(?: please)? (?:help|assist|advise|look|check"
    r"|fix|have a look)\b[^.!?]{0,30}\W*$"
    r"|^\W*(?:please )?(?:help|advise|assist|fix)\b[^.!?]{0,20}\W*$"
    r"|^\W*(?:请|麻烦|能否|可以)?(?:您|你们?)?(?:帮忙|帮我)?(?:看看|看一下|处理(?:一下)?|解决一下|尽快处理"
    r"|尽快)[^。!?]{0,4}\W*$",
    _I,
)
"""Asks for help and says nothing of what it is about."""
_INTRODUCES = re.compile(r"\b(?:my name is|i am the|i'm the|we are an?|we're an?|i work)\b|^\W*我(?:是|叫|们是)", _I)
_LEANS = re.compile(
    r"^\W*(?:it|this|that|they|these|those|then|so|but|and|because|there)\b|^\W*(?:它|这个?|那个?|然后|但是?"
    r"|可是|因为|所以|不过|就|还是|也)",
    _I,
)
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_LATIN = re.compile(r"[^\W\d_\u3400-\u9fff]+(?:['’-][^\W\d_\u3400-\u9fff]+)*")
_GREETING_FIRST = re.compile(
    r"^\W*(?:(?:hi|hello|hey|dear)(?: (?:there|all|team|everyone|support|folks|guys|sir|madam"
    r"|[A-Z]\w+)(?:,? team)?)?\s*[,!.:]+|(?:您|你)好[啊呀]?[,，!！。\s]*(?:请问(?:一下)?[,，]?)?"
    r"|请问(?:一下)?[,，:]?)\s*",
    _I,
)


@dataclass(frozen=True)
class Quote:
    """Words of the customer's, as they wrote them but for line ends."""

    text: str
    message_id: int


@dataclass(frozen=True)
class _Sentence:
    text: str
    place: int
    score: float


def matter_of(said: Sequence[Words], begins: Collection[int] = ()) -> Quote | None:
    """What it is about. ``begins``: ids of messages that came after an answer, so that they may begin another matter.

    None where nothing was said but greetings, thanks and the wish to talk to a person.
    """
    parts = list(_parts(said, begins))
    return next((quote for part in reversed(parts) if (quote := _best(part))), None) or _any(said)


def newest_of(said: Sequence[Words], matter: Quote | None) -> Quote | None:
    """What they said last, where that is more than the matter says already; None where it is not."""
    for words in reversed(said):
        if matter and words.message_id <= matter.message_id:
            return None
        text = " ".join(words.text.split())
        if text and not _is_empty(text):
            return Quote(_cut(text), words.message_id)
    return None


def _parts(said: Sequence[Words], begins: Collection[int]) -> Iterator[list[Words]]:
    part: list[Words] = []
    for words in said:
        if words.message_id in begins and part:
            yield part
            part = []
        part.append(words)
    if part:
        yield part


def _best(part: Sequence[Words]) -> Quote | None:
    best: tuple[float, Quote] | None = None
    for number, words in enumerate(part):
        found = _sentences(words.text)
        if not found:
            continue
        top = max(found, key=lambda one: one.score)
        score = top.score - 0.35 * number
        if top.score >= 1.2 and (best is None or score > best[0]):
            best = score, Quote(_with_what_it_leans_on(top, found), words.message_id)
    return best[1] if best else None


def _any(said: Sequence[Words]) -> Quote | None:
    """The first words that are no mere greeting."""
    for words in said:
        text = " ".join(words.text.split())
        if text and not _says_nothing(text):
            return Quote(_cut(text), words.message_id)
    return None


def _sentences(text: str) -> list[_Sentence]:
    found = sentences_of(text)[:_MOST_SENTENCES]
    return [_Sentence(one, place, _score(one, place)) for place, one in enumerate(found) if not _is_empty(one)]


def _is_empty(sentence: str) -> bool:
    return bool(_DISSATISFIED.match(folded(sentence))) or _says_nothing(sentence)


def _says_nothing(sentence: str) -> bool:
    """Only a greeting, thanks, or the wish to talk to a person."""
    clauses = clauses_of(folded(sentence))
    left = [clause for clause in clauses if not _EMPTY.match(clause) and not _PERSON.search(clause)]
    return all(_size(clause) < 1 for clause in left)


def _score(sentence: str, place: int) -> float:
    plain = _GREETING_FIRST.sub("", folded(sentence))
    if _LOG.search(plain):
        return 0.0
    size = _size(plain)
    score = 2.0 * min(size, 10.0) / 10.0
    score += 2.0 * bool(_TROUBLE.search(plain)) + 1.5 * bool(_WANT.search(plain))
    score -= 2.5 * bool(_PLEA.search(plain))
    score -= (
        1.6 * bool(_TRIED.search(plain))
        + 1.0 * bool(size < 7 and _LEANS.match(plain))
        + 1.0 * bool(_INTRODUCES.search(plain))
        + 1.5 * bool(_PERSON.search(plain))
    )
    return score - 0.12 * place


def _size(text: str) -> float:
    """How many words it has; two Chinese characters count as a word."""
    return len(_LATIN.findall(text)) + len(_HAN.findall(text)) / 2


def _with_what_it_leans_on(top: _Sentence, found: Sequence[_Sentence]) -> str:
    """ "It fails with E1042" says little without the sentence before it."""
    shown = _GREETING_FIRST.sub("", top.text)
    before = next((one for one in reversed(found) if one.place < top.place), None)
    is_short = _size(shown) < 5
    if before and (_LEANS.match(shown) or is_short) and not _LOG.search(before.text):
        shown = _joined(_GREETING_FIRST.sub("", before.text), shown)
    return _cut(shown)


def _joined(one: str, other: str) -> str:
    return one + other if _HAN.match(one[-1:]) or one.endswith(("。", "！", "？")) else f"{one} {other}"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    if len(line) <= LONGEST:
        return line
    cut = line[: LONGEST - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > LONGEST // 2 else cut).rstrip() + "…"
