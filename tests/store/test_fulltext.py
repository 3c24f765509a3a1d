from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store import Database, fulltext, reading, transaction
from store.fulltext import tokens


def keep(database: Database, *texts: str, kind: str = "message") -> None:
    with transaction(database) as session:
        for number, text in enumerate(texts, start=1):
            fulltext.index(session, kind, number, text)


def find(
    database: Database, query: str, *, kind: str = "message", limit: int = 20, is_typing: bool = False
) -> set[int]:
    with reading(database) as session:
        return set(fulltext.search(session, kind, query, limit, is_typing=is_typing))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \t\n", []),
        ("!?… 👍🏽 ❤️ --", []),
        ("Can't LOG in", ["can", "t", "log", "in"]),
        ("STRASSE Straße", ["strasse", "strasse"]),
        ("ＡＢＣ１２３", ["abc123"]),
        ("#123", ["123"]),
        ("O'Brien O’Brien", ["o", "brien", "o", "brien"]),
        ("snake_case 3.2.1", ["snake", "case", "3", "2", "1"]),
        ("忘记密码", ["忘记", "记密", "密码"]),
        ("我", ["我"]),
        ("我的SSO登录,好", ["我的", "sso", "登录", "好"]),
        ("佐々木 ﾊﾟｽﾜｰﾄﾞ", ["佐々", "々木", "パス", "スワ", "ワー", "ード"]),
        ("비밀번호", ["비밀", "밀번", "번호"]),
        ("हिन्दी", ["हिन्दी"]),
        ("نص عربي", ["نص", "عربي"]),
        ("x" * 100, ["x" * 64]),
        ("a\x00b\ud800c", ["a", "b", "c"]),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


TYPED = [
    ("I forgot my password, can't get in", "PASSWORD"),
    ("I forgot my password, can't get in", "in forgot"),
    ("忘记密码了登不上去", "密码"),
    ("忘记密码了登不上去", "码"),
    ("忘记密码了登不上去", "去"),
    ("忘记密码了登不上去", "忘记密码"),
    ("导出到Excel失败", "excel 失败"),
    ("See #123 please", "#123"),
    ("Mr O'Brien called", "o'brien"),
    ("Mr O'Brien called", "O’Brien"),
    ("ＦＵＬＬ　ｗｉｄｔｈ", "full width"),
    ("version 3.2 is out", "3.2"),
    ("ada@example.org wrote", "ada@example.org"),
    ("the log says ERR_TIMEOUT", "timeout"),
]


def test_what_people_type_finds_what_others_wrote(database: Database) -> None:
    for text, query in TYPED:
        keep(database, "something else", text)
        assert find(database, query) == {2}, (text, query)


def test_every_word_must_be_there(database: Database) -> None:
    keep(database, "reset the password", "reset the clock", "密码过期")
    assert find(database, "password reset") == {1}
    assert find(database, "密码重置") == set()


def test_the_last_word_may_be_a_beginning_while_somebody_is_typing(database: Database) -> None:
    keep(database, "reset the password")
    assert find(database, "the pass") == set()
    assert find(database, "the pass", is_typing=True) == {1}
    assert find(database, "pass the", is_typing=True) == set()


def test_the_best_match_comes_first_and_no_more_than_asked_for(database: Database) -> None:
    keep(database, "export, among other words that are not about it at all", "export export export", "import")
    with reading(database) as session:
        assert fulltext.search(session, "message", "export") == [2, 1]
        assert fulltext.search(session, "message", "export", limit=1) == [2]


def test_kinds_are_apart(database: Database) -> None:
    keep(database, "export", kind="article")
    keep(database, "import", kind="message")
    assert (find(database, "export"), find(database, "export", kind="article")) == (set(), {1})


def test_a_thing_is_found_by_its_newest_text_only_and_not_once_removed(database: Database) -> None:
    keep(database, "first words")
    keep(database, "second words")
    assert (find(database, "first"), find(database, "second")) == (set(), {1})
    with transaction(database) as session:
        fulltext.remove(session, "message", 1)
        fulltext.remove(session, "message", 99)
    assert find(database, "second") == set()


SIGNS = [
    "",
    "  ",
    "'",
    '"',
    "*",
    "(",
    "&|!",
    "\\",
    "^a",
    "-a",
    "{",
    "%",
    "a:*",
    "words: x",
    "NEAR/2",
    "\ud83d",
    "😀",
    "a\x00b",
]
OPERATORS = ["a AND", "NOT", "a OR b NEAR(", "''; DROP TABLE searchable; --"]
LONG = ["x" * 5000, "word " * 5000, "密" * 5000]


def test_no_query_is_an_error(database: Database) -> None:
    keep(database, "something")
    for query in SIGNS + OPERATORS + LONG:
        assert find(database, query) == set(), query
        assert find(database, query, is_typing=True) == set(), query
    keep(database, "and or not near")
    assert find(database, "NOT near AND or") == {1}


@pytest.mark.parametrize(
    "alphabet", [st.characters(), st.characters(categories=["L", "M", "N"])], ids=["all", "letters"]
)
def test_any_text_is_found_by_each_of_its_words(database: Database, alphabet: st.SearchStrategy[str]) -> None:
    @settings(deadline=None, max_examples=50)
    @given(text=st.text(alphabet, max_size=30))
    def check(text: str) -> None:
        keep(database, text)
        for token in tokens(text)[:5]:
            assert find(database, token) == {1}, token
            assert find(database, token, is_typing=True) == {1}, token

    check()


def test_a_chinese_text_is_found_by_each_of_its_characters(database: Database) -> None:
    text = "忘记密码了,登不上去 SSO 无法登录"
    keep(database, "别的", text)
    assert all(find(database, char) == {2} for char in text if char.isalnum() and not char.isascii())


def test_a_text_of_any_length_can_be_kept_and_is_found_by_its_beginning(database: Database) -> None:
    keep(database, "beginning " + " ".join(f"word{number}" for number in range(200_000)))
    assert find(database, "beginning") == {1}


def test_of_a_common_word_the_newest_are_judged_and_a_rare_one_is_found_however_old(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fulltext, "RANKED", 4)
    monkeypatch.setattr(fulltext, "LOOKED_THROUGH", 4)
    keep(database, "export export rare", *["export, among other words that are not about it"] * 6, "export export")
    with reading(database) as session:
        assert fulltext.search(session, "message", "export", limit=3) == [8, 7, 6]
        assert fulltext.search(session, "message", "rare", limit=3) == [1]
        assert fulltext.search(session, "message", "export rare", limit=3) == [1]
