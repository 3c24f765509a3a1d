from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.mending import Mend, Mender, english_words

COUNTS = {
    "password": 40,
    "reset": 20,
    "set": 9,
    "the": 200,
    "rest": 2,
    "invoice": 12,
    "invoices": 8,
    "webhook": 10,
    "notification": 6,
    "launch": 4,
    "export": 5,
    "expert": 4,
    "gantt": 3,
    "loomplan": 30,
}


@pytest.fixture(scope="module")
def mender() -> Mender:
    return Mender(COUNTS)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("I forgot my pasword", "I forgot my password"),
        ("PASSWROD RESET", "PASSWORD RESET"),
        ("Pasword reset", "Password reset"),
        ("the passwrd of loomplna", "the password of loomplan"),
        ("no notifcatoin came", "no notification came"),
        ("怎么重置pasword", "怎么重置password"),
        ("webhok, invioce", "webhook, invoice"),
        ("a logn invioce", "a logn invoice"),
    ],
)
def test_a_misspelled_word_is_mended(mender: Mender, written: str, meant: str) -> None:
    assert mender.mended(written, certain=True) == meant


@pytest.mark.parametrize(
    "written",
    [
        "what is for lunch",
        "dont cant wont isnt",
        "resetting the invoicing",
        "expirt",
        "gantr4 or 4gantr",
        "mail to pasword@example.com",
        "https://pasword.example/invioce",
        "api_pasword and pasword.txt and pas-sword.com",
        "GitHub myPasword",
        "the and for rst",
        "密码忘了",
    ],
)
def test_what_may_be_meant_as_it_is_stays(mender: Mender, written: str) -> None:
    assert mender.mended(written, certain=True) == written


def test_a_short_word_is_mended_for_the_word_index_alone(mender: Mender) -> None:
    assert mender.mended("pasword rset", certain=True) == "password rset"
    assert mender.mended("pasword rset", certain=False) == "password reset"


def test_between_two_words_as_near_the_much_commoner_one_is_taken_and_never_for_certain(mender: Mender) -> None:
    assert mender.mended("reste it", certain=True) == "reste it"
    assert mender.mended("reste it", certain=False) == "reset it"
    assert mender.of("expart") is None
    assert Mender({"export": 40, "expert": 4}).of("expart") == Mend("export", certain=False)


def test_forms_of_one_word_are_no_rivals(mender: Mender) -> None:
    assert mender.of("invoces") == Mend("invoices", certain=True)


def test_a_text_of_strange_words_is_left_alone(mender: Mender) -> None:
    written = " ".join(f"qwrtz{letter}" for letter in "abcdefghijklm") + " pasword"
    assert mender.mended(written, certain=False) == written


def test_a_kb_without_words_mends_nothing() -> None:
    assert Mender({}).mended("pasword", certain=False) == "pasword"


def test_the_dictionary_knows_plain_words_and_no_misspelled_ones() -> None:
    assert {"lunch", "weather", "dont"} <= english_words()
    assert english_words().isdisjoint({"pasword", "recieve", "invoic"})


@given(st.text(max_size=100))
def test_mending_changes_letters_only_and_nothing_twice(text: str) -> None:
    mender = Mender(COUNTS)
    once = mender.mended(text, certain=False)
    assert mender.mended(once, certain=False) == once
    assert [c for c in once if not c.isalpha()] == [c for c in text if not c.isalpha()]
