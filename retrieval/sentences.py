"""The grammar that tells how a text hangs together: where its sentences end, whether one asks, whether one leans on
what was said before.

Only words that carry no topic are looked at, in English, Chinese and a little in Japanese; in other languages only the
punctuation. What a text is about, and what goes to a person, is never decided here.
"""

from __future__ import annotations

import re

from retrieval.texts import QUESTION_LIMIT, clean

_WORDS = {
    "function": "a an the i me my we us our you your he she it its they them their this that these those there here "
    "one ones same and or but so then also too plus just still again now please ok okay well yes no not don't doesn't "
    "didn't is are am was were be been being do does did done have has had can could may might must shall should will "
    "would to of in on at for from with by about into as if than because when while what which who whom whose where "
    "why how any some all more other else every each i'm i've i'd it's that's what's how's where's there's isn't "
    "aren't can't cannot won't couldn't let let's get got want wanted need needed like know tell say ask help try",
    "asking": "what which who whom whose where when why how is are am was were do does did can could may might must "
    "shall should will would have has had what's how's where's isn't aren't don't doesn't didn't can't couldn't won't",
    "joining": "and or but so then also plus too",
    "pointing back": "it its this that these those them they there one ones same so",
    "completing": "in on at for from with without to by as it it's its he he's she she's they",
    "announcing": "problem problems issue issues question questions trouble something anything hi hello hey",
    "verbs": "is are am was were do does did can could may might must shall should will would has have had",
    "subjects": "i you we they he she it this that these those the a an my your our their there",
    "before a question": "and or but so then also plus hi hello hey ok okay well please",
}
_SETS = {name: frozenset(words.split()) for name, words in _WORDS.items()}
_FUNCTION, _ASKING, _JOINING = _SETS["function"], _SETS["asking"], _SETS["joining"]
_VERBS, _SUBJECTS = _SETS["verbs"], _SETS["subjects"]
_POINTING_BACK, _BEFORE_A_QUESTION = _SETS["pointing back"], _SETS["before a question"]
_IT = frozenset({"it", "its", "it's", "this", "that", "that's", "these", "those", "they", "them"})
_BEING = frozenset({"is", "are", "was", "were", "be", "isn't", "aren't"})
_ABOUT = (["what", "about"], ["how", "about"], ["what", "if"])

_BOUNDARY = re.compile(r"(?<=[?!\uff1f\uff01。])\s*(?=[^\s?!\uff1f\uff01。])|(?<=[.;…])\s+(?=\S)|(?<=\uff1b)")
_APART = re.compile(
    r"[,;:\uff0c\uff1b\uff1a、]+|\s[-–—]+\s|(?<=ので)|(?<=ですが)|(?<=けど)|(?<=のに)"
    r"|(?<=[는은]데)\s|(?<=니까)\s|(?<=[아어여]서)\s"
)
_GOES_ON = re.compile(r"\s*[的之のをがはにとでも]")
"""What makes the words before it a part of what follows: 转人工的条件, 担当者を追加."""
_LATIN = re.compile(r"[^\W\d_\u3400-\u9fff]+(?:['’-][^\W\d_\u3400-\u9fff]+)*|\d+")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\u30fc]")
_KANA_PART = re.compile(r"[\u30a1-\u30fa\u30fc]{2,}|[\u3041-\u3096]{3,}")
_KANA_EMPTY = re.compile(r"お願い(?:いた)?します|教えて|ください|すみません|です|ます")
_KANA_ASKS = re.compile(r"[\u3041-\u3096]か\W*$")
_KANA_LEANS = re.compile(r"^\W*(?:それ|これ|その|この|では|じゃあ|でも|あと|ちなみに|また)")
_MEASURE = re.compile(r"\bhow (?:much|many|long|big|large|small|far|often|soon|late|old|heavy|high)\b", re.IGNORECASE)
_WORD = re.compile(f"{_LATIN.pattern}|{_HAN.pattern}")
_ASKS_AT_END = re.compile(r"\?\W*$")
_ASKS_ALOUD = re.compile(r"[?吗嗎呢]\W*$")
_LISTED = re.compile(r"^\s*(?:\d{1,2}\s*[.)、]|[-*•])\s*")

_HAN_JOIN = "(?:那么|那麼|那|然后|然後|还有|還有|另外|而且|并且|以及|再就是|顺便|順便|还想|還想|也想|再问|再問|此外)"
_HAN_ASKS = re.compile(
    r"怎么|怎麼|怎样|怎樣|如何|为什么|為什麼|为何|為何|哪|什么|什麼|多少|多久|多大|(?<![没好前这那近过])几[个天次时小分点]|吗|嗎|么\W*$|呢\W*$"
    r"|能不能|可不可以|是不是|有没有|有沒有|能否|可否|是否|会不会|會不會|要不要|行不行|谁|誰|啥"
)
_HAN_LEANS = re.compile(
    rf"^\W*(?:{_HAN_JOIN}|如果|要是|但是|但|可是|不过|不過|因为|因為|所以|就是)|呢\W*$"
    r"|这个|這個|那个|那個|它|这样|這樣|那样|那樣|这种|這種|那种|那種|上面|刚才|剛才|还是不|還是不"
)
_HAN_IT = re.compile(r"这个|這個|那个|那個|[它牠]")
_DENIES = re.compile(r"\b(?:not|cannot|never)\b|n['’]t\b|[不没沒]", re.IGNORECASE)
_HAN_COMPLETES = re.compile(r"^\W*[在用给給跟从從和]|[的嘅]\W*$")
_HAN_EMPTY = re.compile(
    r"怎么|怎麼|怎样|怎樣|如何|为什么|為什麼|什么|什麼|能不能|可不可以|是不是|有没有|有沒有|请问|請問|一下|可以|现在|現在|这个|這個"
    r"|那个|那個|问题|問題|还是|還是|不行|不了|不到|应该|應該|那么|还有|還有|另外|你们|你們|我们|我們|你好|您好"
    r"|[我你您他她它们們的了吗嗎呢吧啊呀么麼是有在和也就都还還不没沒想要问問请請能会會这這那個个办辦做弄哪儿兒里裡谁誰多少几幾啥嗯哦好]"
)
_HAN_JOINED = re.compile(rf"[,\uff0c、;]\s*(?={_HAN_JOIN})")
_LATIN_JOINED = re.compile(
    r"[,;]?\s+(?:and|also|plus)\s+(?:also\s+)?(?=(?:how|what|where|when|why|which|who|can|could|do|does|is|are)\b)",
    re.IGNORECASE,
)
_COMMA = re.compile(r"(,\s+|\uff0c\s*)")
_JOIN_AT_START = re.compile(rf"^\W*(?:{_HAN_JOIN}|(?:and|also|plus)\b)\s*[,\uff0c]?\s*", re.IGNORECASE)

_FEW_WORDS, _FEW_HAN = 3, 4
_MANY_WORDS, _MANY_HAN = 6, 8
_ENOUGH = 2
"""Words that carry a topic, from which on a text says what it is about."""


def sentences(text: str) -> list[str]:
    """``text`` cut where its lines and sentences end. A dot within a number or a name ends none."""
    lines = (_LISTED.sub("", line) for line in text[: 2 * QUESTION_LIMIT].splitlines())
    return [piece.strip() for line in lines for piece in _BOUNDARY.split(line) if piece.strip()]


def clauses(sentence: str) -> list[str]:
    """One sentence cut before "and how …" and "另外…", and between questions in a row: a piece may or may not be a
    question of its own."""
    pieces = [piece for part in _HAN_JOINED.split(sentence) for piece in _LATIN_JOINED.split(part)]
    return [piece.strip() for part in pieces for piece in _in_a_row(part) if piece.strip()]


def _in_a_row(part: str) -> list[str]:
    """``part`` cut at the commas that have a whole question on either side."""
    first, *others = _COMMA.split(part)
    found = [first]
    for comma, piece in zip(others[::2], others[1::2], strict=True):
        if _is_whole(found[-1]) and _is_whole(piece):
            found.append(piece)
        else:
            found[-1] += comma + piece
    return found


def _is_whole(piece: str) -> bool:
    """Whether ``piece`` is a question in the order of one ("where can I park"; "when I park" is none), or a Chinese one
    that says what it is about."""
    if _HAN_ASKS.search(piece):
        return weight(piece) >= _ENOUGH and not _HAN_LEANS.search(piece.rstrip("呢?\uff1f "))
    words = [word for word in _words(piece) if word not in _BEFORE_A_QUESTION]
    verb = next((place for place, word in enumerate(words) if word in _VERBS), len(words))
    subject = next((place for place, word in enumerate(words) if word in _SUBJECTS), len(words))
    return words[:1] != [] and words[0] in _ASKING and verb < subject and weight(piece) > 0


def told(text: str) -> list[str]:
    """``text`` cut at every sign that sets words apart from others: each piece may be a matter of its own, or none."""
    return [piece.strip() for sentence in sentences(text) for piece in _APART.split(sentence) if piece.strip()]


def beginnings(clause: str) -> list[str]:
    """Parts of ``clause`` from its start on, longest first: each ends with a word or a Han character, and has three.
    None is cut off from a particle that ties it to what follows."""
    ends = [found.end() for found in _WORD.finditer(clause)]
    return [clause[:end] for end in reversed(ends[2:-1]) if not _GOES_ON.match(clause, end)]


def asks(sentence: str) -> bool:
    """Whether ``sentence`` has the form of a question."""
    folded = clean(sentence)
    if _ASKS_AT_END.search(folded) or _HAN_ASKS.search(folded) or _KANA_ASKS.search(folded):
        return True
    words = _words(folded)
    while words and words[0] in _BEFORE_A_QUESTION:
        words = words[1:]
    return len(words) > 1 and words[0] in _ASKING


def weight(text: str) -> int:
    """How many of its words can carry a topic; two Chinese characters count as a word, and so do the parts of Japanese
    in one syllabary: ログイン and できない."""
    spaced = sum(word not in _FUNCTION and not _KANA.match(word) for word in _words(text))
    latin = spaced + len(_KANA_PART.findall(_KANA_EMPTY.sub(" ", text)))
    return latin + (len(_HAN.findall(_HAN_EMPTY.sub("", text))) + 1) // 2


def leans(text: str) -> bool:
    """Whether ``text`` needs what was said before to be understood: "and on the phone?", "那导出呢"."""
    folded = clean(text)
    words, han = _words(folded), len(_HAN.findall(folded))
    kana = len(_KANA.findall(folded))
    if kana > len(words) and kana * 3 >= han:
        return bool(_KANA_LEANS.search(folded)) or han + kana <= _MANY_HAN
    if han > len(words):
        return bool(_HAN_LEANS.search(folded)) or han + len(words) <= _FEW_HAN
    if not words or len(words) <= _FEW_WORDS or words[0] in _JOINING or words[:2] in _ABOUT:
        return True
    return weight(folded) <= _FEW_WORDS and _points_back(words)


def goes_on(text: str) -> bool:
    """Whether ``text`` says by its first words that it goes on with what was said: "and on the bus?", "那导出呢"."""
    folded = clean(text)
    words = _words(folded)
    is_joined = not _JOINING.isdisjoint(words[:1]) or words[:2] in _ABOUT
    return is_joined or bool(_HAN_LEANS.search(folded))


def is_about_it(text: str) -> bool:
    """Whether ``text`` asks or denies something of what was said before: "what does it cover?", "it does not work"."""
    folded = clean(text)
    words = _words(folded)
    points = _HAN_IT.search(folded) or (not _IT.isdisjoint(words) and _points_back(words))
    return bool(points) and (asks(text) or bool(_DENIES.search(folded)))


def _points_back(words: list[str]) -> bool:
    """Whether an "it" or "that" comes before these words say themselves what it is."""
    is_pointing = (word in _POINTING_BACK and not _exists(words, place) for place, word in enumerate(words))
    pointing = next((place for place, points in enumerate(is_pointing) if points), None)
    return pointing is not None and sum(word not in _FUNCTION for word in words[:pointing]) < _ENOUGH


def _exists(words: list[str], place: int) -> bool:
    """Whether it is the "there" of "is there", which points at nothing where enough else is said."""
    is_there = words[place] == "there" and not _BEING.isdisjoint(words[max(place - 1, 0) : place + 2])
    return is_there and sum(word not in _FUNCTION for word in words) >= _ENOUGH


def completes(text: str) -> bool:
    """Whether ``text`` goes on with what was said before and asks nothing: "in the cabin", "he weighs 5 kg"."""
    folded = clean(text)
    begins = not _SETS["completing"].isdisjoint(_words(folded)[:1])
    return not asks(folded) and (begins or bool(_HAN_COMPLETES.search(folded)))


def only_measures(text: str) -> bool:
    """Whether ``text`` asks "how much?" or "and how long is it" and names nothing that it might be about."""
    return bool(_MEASURE.search(text)) and not weight(_MEASURE.sub("how", clean(text)))


def stands_alone(text: str) -> bool:
    """Whether ``text`` is a whole question or sentence that says what it is about: no more need be waited for."""
    heavy = weight(text)
    if asks(text):
        return heavy >= _ENOUGH or (heavy == 1 and (bool(_ASKS_ALOUD.search(clean(text))) or not leans(text)))
    is_long = len(_words(text)) >= _MANY_WORDS or len(_HAN.findall(text)) >= _MANY_HAN
    return heavy >= _ENOUGH and is_long and not leans(text)


def has_words(text: str) -> bool:
    """Whether ``text`` is more than signs and pictures: any letter or number, or a mark that asks."""
    return any(sign.isalnum() or sign in "?\uff1f" for sign in text)


def says_little(text: str) -> bool:
    """Whether ``text`` only begins to say something: "I have a problem", "我想问一下"."""
    return not asks(text) and weight(text) < _ENOUGH


def only_announces(text: str) -> bool:
    """Whether ``text`` says that there is something, and not a word of what: "I have a problem", "我想问一下"."""
    said = [word for word in _words(clean(text)) if word not in _SETS["announcing"]]
    return not asks(text) and weight(f"{' '.join(said)} {''.join(_HAN.findall(text))}") == 0


def without_join(sentence: str) -> str:
    """``sentence`` without the "and" or "另外" that it begins with."""
    return _JOIN_AT_START.sub("", sentence) or sentence


def _words(text: str) -> list[str]:
    return [word.replace("’", "'").lower() for word in _LATIN.findall(text)]
