"""The words by which people point at one of several choices without saying what it is about, in English and Chinese:
its place, a yes, a refusal of them all. Only words that carry no topic."""

from __future__ import annotations

import re

from retrieval.chinese import simplified
from retrieval.sentences import weight
from retrieval.texts import clean

_ORDER = (
    {"1", "one", "first", "1st", "一"},
    {"2", "two", "second", "2nd", "二", "两"},
    {"3", "three", "third", "3rd", "三"},
    {"4", "four", "fourth", "4th", "四"},
)
_NUMBERS = {name: place for place, names in enumerate(_ORDER) for name in names}
_COUNTS = {"both": 2, "two": 2, "2": 2, "两": 2, "three": 3, "3": 3, "三": 3, "four": 4, "4": 4, "四": 4}
_FIRST_OF_TWO, _LAST_OF_TWO = {"former", "前者", "前一个"}, {"latter", "后者", "后一个"}
_TOP, _MIDDLE = {"top", "头"}, {"middle", "中间"}
_LAST = {"last", "bottom", "最后", "最末", "末"}
_WORDS = {
    "called": "number nr option choice answer one please pls plz",
    "filler": "option choice number nr thing part bit topic article button answer case matter kind mean meant choose "
    "pick take go going say saying said think guess talking asking concerning regarding probably definitely maybe "
    "rather really actually would sorry pls plz thx thanks thank hm hmm uh um er ah oh well lol haha hi hey hello oops "
    "wait",
    "yes": "yes yea yeah yep yup y ya correct right exactly precisely sure ok okay true indeed absolutely definitely "
    "perfect great good fine ja genau sí si oui",
    "this": "this that that's thats it it's its is one the",
    "no": "no none neither nothing nope nah not isn't isnt nein non",
    "other": "else other others different elsewhere wrong listed there applies fits match matches something anything "
    "above",
    "place": "first second third fourth former latter middle",
    "all": "all of the them these those above options choices please pls plz thanks thank you yes i we want need",
}
_SETS = {name: frozenset(words.split()) for name, words in _WORDS.items()}
_CALLED, _FILLER, _YES, _THIS = _SETS["called"], _SETS["filler"], _SETS["yes"], _SETS["this"]
"""_CALLED may stand beside a number that is the whole of what is said."""
_NO, _OTHER = _SETS["no"], _SETS["other"]
_DENIED = re.compile(
    r"(?<!do )(?<!does )(?<!did )(?<!can )(?<!could )(?<!will )(?<!has )(?<!have )\b"
    r"(?:not|no|isn't|isnt|aren't|except|nor)\s+(?:(?:a|an|the|my|about|for|in|on|any)\s+)*(?P<word>[^\W\d_]\S*)"
)
_NEGATIVE = re.compile(r"\b(?:not|no|cannot|never|without)\b|n't\b|[不没无未]")
_UNSURE = re.compile(r"\b(?:know|sure|idea|certain|understand)\b|知道|清楚|确定|懂|明白", re.IGNORECASE)

_HAN_BEFORE = r"(?:我|就|想|要|选|按|说的?|指的?|问的?|应该|大概|可能|是|系|关于|有关|那|这|嗰|选项|答案|请)*"
_HAN_AFTER = r"(?:就是|是|那个|这个|嗰个|那条|那项|选项|问题|的|嘅|吧|呀|啊|哦|啦|了|谢谢|唔该|请)*"
_HAN_COUNTER = r"(?:个|项|条|种|号|款|则)?"
_HAN_PLACE = re.compile(
    rf"{_HAN_BEFORE}(?:第\s*([一二两三四1-4])|([一二三四1-4])(?=\s*(?:个|项|条|种|号|款|\W*$|吧|啊|呀))"
    rf"|(最后|最末|末)一?|(头)一|(中间)|(前者|后者|前一个|后一个))\s*{_HAN_COUNTER}\s*{_HAN_AFTER}\W*"
)
_HAN_YES = re.compile(
    r"(?:嗯|唔|是|对|好|行|可以|没错|正确|正是|就是|系|啱|ok)+(?:的|呀|啊|呢|吧|了|啦|嘅|这个|那个|这条|那条|它|呢个|谢谢|唔该)*"
)
_HAN_NO = re.compile(
    r"(?:以上|上面|这些|这几个|选项|其中|它们|哪个|哪一个|一个|没一个)*(?:都|也|全部|全|统统)*"
    r"(?:不是|不对|不符合|不行|不相关|无关|没有一个(?:是|对|符合)?|没有|没|皆非|不|否|唔系|唔啱|冇|别的|其他|其它|另外的?)"
    r"(?:这个|那个|这些|我?(?:想|要)?(?:问|找|要)?的|的|啊|呀|了|吧|啦|嘅|选项|问题|事|答案)*"
)
_HAN_WITHOUT = re.compile(r"(?:我|说的|这|那|但|可)*(?:不是|不要|不选|并非|除了|唔系|唔要)")
_HAN_FILLER = re.compile(
    r"我(?:说|指|问|要|选|想)*的?是?|[就应]?该?是|关于|有关|那一?[个条项种]|这一?[个条项种]|嗰个|谢谢|请问?|麻烦|唔该|想|要|选"
    r"|[说选搞点按]错了?|不好意思|抱歉"
    r"|[的嘅吧呀啊哦啦了呢系]"
)
_HAN_ALL = re.compile(
    r"(?:我们?|想|要|就|请|麻烦|选|问|这|那)*(?:(?P<count>[两三四234])\s*(?:个|项|条|者|种|样|篇)|全部|全|都|统统)"
    r"(?:我们?|都|全|想|需?要|是|选|问|看|听|说|讲|告诉|知道|了解|一下|的|吧|呀|啊|哦|啦|了|谢谢|唔该|请)*"
)
_HAN_HESITATES = re.compile(r"[^\u3400-\u9fff]*[呃额唉哎嗯哦噢啊]*[^\u3400-\u9fff]*")
JOINING = frozenset("但而与及并被把给用从到对为上下里中以之其于和在有也都还不没我你")
"""Chinese characters that hold a sentence together, where they stand alone."""
_AND = re.compile(r"\s(?:and|plus|as well as)\s|[&+]|(?:以及|还有|[和跟与及])")
_CLAUSE_END = re.compile(r"[,;:、!?…\n]+|\.(?=\s|$)|。|\s[-–—]+\s")
_LETTER = re.compile(r"[\u3041-\u30fa\u3400-\u9fff]")
_SPACED = re.compile(r"[^\W_\u3400-\u9fff]+(?:['’][^\W_\u3400-\u9fff]+)*")


def folded(text: str) -> str:
    """``text`` as it is compared: in one width, one case and one Chinese."""
    return simplified(clean(text)).casefold().replace("’", "'")


def clauses_of(text: str) -> list[str]:
    """The parts of what was typed, folded: "no, the second one"."""
    return [part.strip() for part in _CLAUSE_END.split(folded(text).replace("\ufe0f\u20e3", "")) if part.strip("() .#")]


def joined_parts(clause: str) -> list[str]:
    """What a folded clause puts side by side: "the first and the second", "1和2"."""
    return [part.strip() for part in _AND.split(clause) if part.strip()]


def spaced_words(clause: str) -> list[str]:
    return _SPACED.findall(clause)


def topic_words(clause: str) -> list[str]:
    """The words of a folded clause that may say what it is about, of scripts with spaces between words."""
    return [word for word in spaced_words(clause) if word not in _FILLER and word not in _YES and weight(word)]


def without_filler(clause: str) -> str:
    """A folded clause without the Chinese words that only wrap up a choice: 我说的是…那个."""
    return _HAN_FILLER.sub(" ", clause)


def says_anything(clause: str) -> bool:
    """Whether there is more in a folded clause than wrapping."""
    return bool(topic_words(clause)) or any(each not in JOINING for each in _LETTER.findall(without_filler(clause)))


def only_hesitates(text: str) -> bool:
    """Whether nothing was said yet: "hm", "呃…"."""
    return all(set(spaced_words(clause)) <= _FILLER and _HAN_HESITATES.fullmatch(clause) for clause in clauses_of(text))


def place_said(clause: str, choices: int) -> int | None:
    """The place, from 0, that is all that a folded clause says: "the second one please", "第二个吧"."""
    if found := _HAN_PLACE.fullmatch(clause):
        return _place(next(filter(None, found.groups())), choices)
    words = spaced_words(clause)
    if len(words) == 1 and len(clause.strip("() .")) == 1 and clause.strip("() .") in "abcd":
        return "abcd".index(clause.strip("() ."))
    if not _NO.isdisjoint(set(words) - {"no"}) or "all" in words:
        return None
    rest = [_mended(word) for word in words if word != "one" and word not in _FILLER]
    said = [word for word in rest if _place(word, choices) is not None]
    if len(said) == 1 and all(word in said or not weight(word) for word in rest):
        return _place(said[0], choices)
    return 0 if not said and "one" in words and set(words) <= _CALLED else None


def _place(word: str, choices: int) -> int | None:
    if word in _NUMBERS:
        return _NUMBERS[word]
    if word in _FIRST_OF_TWO | _LAST_OF_TWO:
        return None if choices != 2 else int(word in _LAST_OF_TWO)
    if word in _TOP or word in _LAST:
        return 0 if word in _TOP else choices - 1
    return 1 if word in _MIDDLE and choices == 3 else None


def _mended(word: str) -> str:
    """``word``, or the name of a place that it was mistyped for."""
    from rapidfuzz.distance import OSA

    if len(word) < 5 or not weight(word):
        return word
    return next((name for name in sorted(_SETS["place"]) if OSA.distance(word, name) == 1), word)


def says_yes(clause: str) -> bool:
    """Whether a folded clause only agrees: "yes please", "that's it", "是的"."""
    words = spaced_words(clause)
    if _HAN_YES.fullmatch(clause):
        return True
    is_agreed = any(word in _YES for word in words) and not any(word in _NO for word in words)
    is_pointed = bool(words) and set(words) <= _THIS and bool(_THIS - {"the", "one", "is"} & set(words))
    return (is_agreed and _is_only_words(clause) and not topic_words(clause)) or (is_pointed and _is_only_words(clause))


def begins_with_yes(clause: str) -> bool:
    return spaced_words(clause)[:1] != [] and spaced_words(clause)[0] in _YES


def says_no(clause: str) -> bool:
    """Whether a folded clause refuses and says nothing else: "none of these", "something else", "都不是"."""
    if _UNSURE.search(clause):
        return False
    if _HAN_NO.fullmatch(clause):
        return True
    words = spaced_words(clause)
    left = [word for word in topic_words(clause) if word not in _NO | _OTHER]
    is_another = words[:1] in (["something"], ["another"]) or "else" in words or "wrong" in words
    return _is_only_words(clause) and not left and (is_another or any(word in _NO for word in words))


def says_all(clause: str, choices: int | None = None) -> bool:
    """Whether a folded clause takes all of so many choices, or of any number of them: "both of them", "两个都要"."""
    if found := _HAN_ALL.fullmatch(clause):
        return _is_count(found["count"], choices)
    words = spaced_words(clause)
    counts = [word for word in words if word in _COUNTS]
    if not _is_only_words(clause) or is_negative(clause) or not all(_is_count(each, choices) for each in counts):
        return False
    if "both" in words:
        return all(word in _COUNTS for word in topic_words(clause))
    return "all" in words and all(word in _SETS["all"] or word in _COUNTS for word in words)


def _is_count(word: str | None, choices: int | None) -> bool:
    return word is None or choices is None or _COUNTS[word] == choices


def denied(clause: str) -> str:
    """What a folded clause says is not meant, if anything: "not the cabin", "我说的不是…"; whoever does not find a
    booking means just that."""
    if found := _HAN_WITHOUT.match(clause):
        return clause[found.end() :]
    return " ".join(found["word"] for found in _DENIED.finditer(clause))


def is_negative(title: str) -> bool:
    """Whether a folded title says itself that something is not: "The link does not arrive"."""
    return bool(_NEGATIVE.search(title))


def _is_only_words(clause: str) -> bool:
    return not _LETTER.search(clause)
