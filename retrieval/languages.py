"""Which language a text is in: by its script, and for Latin letters by its commonest words."""

from __future__ import annotations

import re
import unicodedata

from retrieval.chinese import is_traditional

# Only words that carry no topic; a word shared by two languages counts for both.
_STOPWORDS = {
    "en": "the a an is are was i you my we it to of in on for and or not how what why when where can do does did "
    "this that with from your our have has had cannot can't don't doesn't i'm it's get please there be will me if as "
    "per no",
    "de": "der die das ein eine einen ist sind war ich du sie wir es zu von im in auf für und oder nicht wie was "
    "warum wann wo kann kannst mein meine mit nach bei aus dem den des habe hat kein keine man mich bitte wird auch "
    "wenn danke dank vielen hallo guten grüß jemand jemandem können könnt möchte ihr euch uns dir sich noch immer "
    "dass weil gibt geht",
    "fr": "le la les un une est sont je tu vous nous il de du des à au en dans pour et ou ne pas comment que quoi "
    "pourquoi quand où peux peut mon ma mes avec sur ce cette j'ai c'est n'est qui se votre mot bonjour est-ce merci "
    "salut bonsoir veux voudrais souhaite pouvez pourriez quelqu'un qu'un toujours j' l' d' n' qu' c' s' m' moi",
    "es": "el la los las un una es son yo tú usted nosotros de del a en por para y o no cómo como qué que cuándo "
    "dónde puedo puede mi mis con se está esta este hola me su tengo hay donde cuando porque lo al gracias muchas "
    "muchísimas buenas buenos quiero quisiera necesito alguien pueden puedes te le ya favor",
    "it": "il lo la gli le un una è sono io tu noi di del della a in per e o non come cosa perché quando dove posso "
    "può mio mia con si che questo questa ho da al nel ciao mi grazie buongiorno buonasera salve vorrei voglio "
    "qualcuno potete puoi siete anche ancora alla nella dal l' d' c' dell' all' nell' c'è ti ringrazio chi quanti "
    "quante possono favore",
    "pt": "o a os as um uma é são eu você nós de do da em no na por para e ou não como que quando onde posso pode "
    "meu minha com se está este esta olá tenho ao às me porque obrigado obrigada oi boa bom quero queria gostaria "
    "vocês alguém isso muito pelo pela meus valeu agradeço vai quem tem algum alguma favor",
    "nl": "de het een is zijn was ik jij u wij we van in op voor en of niet hoe wat waarom wanneer waar kan mijn met "
    "naar bij uit dit dat heb heeft geen er me dank bedankt hallo hoi dag graag wil kunnen kunt jullie iemand nog "
    "maar ook mij je die goedemorgen goedemiddag goedenavond dankjewel dankuwel",
    "pl": "i w na z do nie jak co czy jest są się mój moja dla po dlaczego kiedy gdzie mogę że to od za mam ma",
    "tr": "bir bu ve için ile nasıl ne neden değil mi mı ben benim var yok olarak gibi daha çok nerede zaman",
    "sv": "en ett är och i på för att det som inte hur vad varför när var kan min mitt med jag du vi har till av",
    "vi": "là và của không tôi bạn có cho với trong được làm thế nào tại sao khi ở một các những này",
    "id": "yang dan di ke dari untuk tidak bagaimana apa saya anda bisa dengan ini itu ada pada mengapa kapan",
}
_WORDS_OF = {language: frozenset(words.split()) for language, words in _STOPWORDS.items()}
_SPEAKERS = {
    word: tuple(language for language, words in _WORDS_OF.items() if word in words)
    for word in frozenset().union(*_WORDS_OF.values())
}
"""Of each stopword, the languages that have it."""
_AFTER_FRENCH_VERBS = frozenset({"je", "tu", "nous", "vous", "moi"})
_DIACRITICS = {
    "de": "äöüß",
    "fr": "çéèêëàùœ",
    "es": "ñ¿¡óíáúé",
    "pl": "ąćęłńśźż",
    "tr": "ğışö",
    "sv": "åäö",
    "it": "àèéìòù",
    "pt": "ãõçáéíóúâê",
}
_SCRIPTS = (
    ("ko", r"[\uac00-\ud7af\u1100-\u11ff]"),
    ("ar", r"[\u0600-\u06ff]"),
    ("he", r"[\u0590-\u05ff]"),
    ("th", r"[\u0e00-\u0e7f]"),
    ("hi", r"[\u0900-\u097f]"),
    ("el", r"[\u0370-\u03ff]"),
    ("ru", r"[\u0400-\u04ff]"),
)
_SCRIPT_PATTERNS = tuple((language, re.compile(pattern)) for language, pattern in _SCRIPTS)
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_CHINESE_ALONE = re.compile(r"[么麼吗嗎们們这這你您怎哪没沒谁誰吧呢啊咗唔係嘅]|如何|请问|請問|为什|為什")
"""Grammar that Japanese never writes in Han characters."""
_LETTERS = "a-zà-öø-ÿāăąćčđęěğıłńňőœřśşšťůűźżžơưạ-ỹ"
_LATIN_WORD = re.compile(rf"[{_LETTERS}]+(?:['’-][a-zà-öø-ÿ]+)*")
_WHOLE_WORD = re.compile(rf"(?<![\d_.@/{_LETTERS}])[{_LETTERS}]++(?:['’-][a-zà-öø-ÿ]+)*+(?!-?\d|_)")
"""A word that is no piece of a code or an address: the E of "error E12" is no Italian, "acme.com" no Portuguese."""
_ENOUGH = 2_000


def language_of(text: str, default: str = "en", han: str | None = None) -> str:
    """The BCP 47 primary language of ``text``, ``default`` where it has no letters that tell.

    Chinese with English words in it is Chinese as soon as the Chinese part says something: two or three characters
    weigh as much as two English words, and names ("iPhone 15 Pro Max") weigh nothing. ``han``: whose language Han
    characters alone are, "ja" or "zh"; unless it is said, Japanese where that is the ``default``. Only the first 2,000
    characters are looked at.
    """
    folded = unicodedata.normalize("NFKC", text[:_ENOUGH]).casefold()
    words = _LATIN_WORD.findall(folded)
    characters, kana = len(_HAN.findall(folded)), len(_KANA.findall(folded))
    are_names = characters + kana > 1 and not any(word in _SPEAKERS for word in words)
    latin = 0 if are_names else len(words) * 3
    is_japanese = (han or default) == "ja" and not _is_chinese_alone(folded)
    if kana and (is_japanese or kana * 3 >= characters) and (characters + kana) * 4 >= latin:
        return "ja"
    if characters and characters * 4 >= latin:
        return "ja" if is_japanese else "zh"
    script, count = max(
        ((name, len(pattern.findall(folded))) for name, pattern in _SCRIPT_PATTERNS), key=lambda s: s[1]
    )
    if count >= 2 and count * 2 >= len(words) * 3:
        return "uk" if script == "ru" and re.search("[іїєґ]", folded) else script
    return _latin_language(folded, default) if words else default


def _is_chinese_alone(folded: str) -> bool:
    """Whether Han characters are among ``folded`` that no Japanese writes: mostly simplified ones."""
    if _CHINESE_ALONE.search(folded):
        return True
    return any(not one.encode("cp932", "ignore") for one in _HAN.findall(folded))


def tag_of(text: str, language: str) -> str:
    """``language`` with the script that ``text`` is written in, where an article may be there in two: ``zh-Hant``."""
    return "zh-Hant" if language == "zh" and is_traditional(text) else language


def _latin_language(folded: str, default: str) -> str:
    """Most stopwords win; letters that only some languages have break the tie."""
    scores = dict.fromkeys(_WORDS_OF, 0.0)
    for word in _WHOLE_WORD.findall(folded):
        for language in _speakers(word.replace("’", "'")):
            scores[language] += 1
    if not folded.isascii():
        for language, letters in _DIACRITICS.items():
            scores[language] += 0.5 * sum(letter in folded for letter in letters)
    best = max(scores.values())
    if best < 1:
        return default if default in _WORDS_OF else "en"
    if scores.get(default) == best:
        return default
    # English first: among other equals it is by far the likeliest in a support channel.
    return next(language for language, score in scores.items() if score == best)


def _speakers(word: str) -> tuple[str, ...]:
    """The languages that have ``word``, or where none is known what stands before its apostrophe (d'adresse) or, of
    French, after its hyphen (rappelez-moi)."""
    if word in _SPEAKERS:
        return _SPEAKERS[word]
    before, apostrophe, _ = word.partition("'")
    is_french = "-" in word and word.rpartition("-")[2] in _AFTER_FRENCH_VERBS
    return ("fr",) if is_french else _SPEAKERS.get(before + apostrophe, ())
