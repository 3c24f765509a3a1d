"""What became of answers, told to the next fit."""

from __future__ import annotations

import pytest
from answered import Archive

from bot.learning.outcomes import WEIGHTS, Sign, labels, verdicts
from retrieval.labels import Label
from store import Database, reading


@pytest.fixture
def archive(database: Database) -> Archive:
    return Archive(database)


def told(archive: Archive) -> list[Label]:
    with reading(archive.database) as session:
        return labels(session)


def test_an_answer_that_nobody_judged_tells_nothing(archive: Archive) -> None:
    archive.answered()
    assert told(archive) == []


def test_thumbs_tell_by_their_weight(archive: Archive) -> None:
    archive.thumb(archive.answered(question="how do I get in"), is_helpful=True)
    archive.thumb(archive.answered("invoices", "where is the bill"), is_helpful=False)
    assert told(archive) == [
        Label("how do I get in", "en", ("reset-password",), weight=WEIGHTS[Sign.THUMB_UP]),
        Label("where is the bill", "en", (), ("invoices",), weight=WEIGHTS[Sign.THUMB_DOWN]),
    ]


def test_the_last_thumb_counts(archive: Archive) -> None:
    answer = archive.answered()
    archive.thumb(answer, is_helpful=True)
    archive.thumb(answer, is_helpful=False)
    (label,) = told(archive)
    assert (label.right, label.wrong) == ((), ("reset-password",))


@pytest.mark.parametrize(
    ("is_right", "named", "expected"),
    [
        (True, None, Label("q?", "en", ("reset-password",))),
        (False, "invoices", Label("q?", "en", ("invoices",), ("reset-password",))),
        (False, "", Label("q?", "en", (), ("reset-password",), unanswerable=True)),
        (False, None, Label("q?", "en", (), ("reset-password",))),
    ],
    ids=["right", "another article", "none has it", "nobody knows"],
)
def test_what_somebody_found_counts_most_whatever_the_thumb_says(
    archive: Archive, is_right: bool, named: str | None, expected: Label
) -> None:
    answer = archive.answered(question="q?")
    archive.thumb(answer, is_helpful=not is_right)
    archive.found(answer, is_right, named)
    assert told(archive) == [expected]


def test_the_newest_look_counts(archive: Archive) -> None:
    answer = archive.answered()
    archive.found(answer, False, "invoices")
    archive.found(answer, True)
    assert [label.right for label in told(archive)] == [("reset-password",)]


@pytest.mark.parametrize(
    ("deed", "text", "sign", "is_right"),
    [
        ("send", "", Sign.SENT, True),
        ("edit", "Hi! Press Forgot on the sign-in page and follow the link in the e-mail. Bye", Sign.EDITED, True),
        ("skip", "", Sign.SKIPPED, False),
    ],
)
def test_what_an_agent_did_with_a_suggestion_tells(
    archive: Archive, deed: str, text: str, sign: Sign, is_right: bool
) -> None:
    archive.decides(archive.suggested(question="no way in"), deed, text)
    (label,) = told(archive)
    right, wrong = (("reset-password",), ()) if is_right else ((), ("reset-password",))
    assert label == Label("no way in", "en", right, wrong, weight=WEIGHTS[sign])


def test_other_words_instead_of_the_suggestion_tell_nothing(archive: Archive) -> None:
    archive.decides(archive.suggested(), "edit", "Your company has left us; please ask your own administrator.")
    assert told(archive) == []


@pytest.mark.parametrize(("is_solved", "sign"), [(True, Sign.SOLVED), (False, Sign.NOT_YET)])
def test_the_end_tells_of_the_answer_that_was_the_last_word(archive: Archive, is_solved: bool, sign: Sign) -> None:
    archive.ends(archive.answered(), is_solved=is_solved)
    (label,) = told(archive)
    assert label.weight == WEIGHTS[sign]
    assert bool(label.right) is is_solved


def test_after_an_agents_own_words_the_end_tells_nothing_of_the_answer(archive: Archive) -> None:
    archive.ends(archive.answered(), is_solved=True, own_words="I have reset it for you.")
    assert told(archive) == []


def test_nothing_is_learned_from_a_question_that_was_taken_back(archive: Archive) -> None:
    archive.thumb(archive.answered(question="my secret matter"), is_helpful=True)
    archive.decides(archive.suggested(question="my other matter"), "skip")
    archive.takes_back("in-1", "ada1")
    archive.takes_back("in-2", "ada2")
    assert told(archive) == []


def test_a_choice_of_the_customers_is_not_the_bots_own_answer(archive: Archive) -> None:
    archive.thumb(archive.answered(confidence=0.3), is_helpful=True)
    archive.thumb(archive.answered(confidence=0.9), is_helpful=True)
    with reading(archive.database) as session:
        assert [verdict.is_own for verdict in verdicts(session)] == [False, True]


def test_the_question_is_told_in_the_language_that_it_was_read_in(archive: Archive) -> None:
    archive.thumb(archive.answered(question="忘记密码", language="zh"), is_helpful=True)
    assert [label.language for label in told(archive)] == ["zh"]


def test_a_question_that_needs_the_one_before_teaches_nothing(archive: Archive) -> None:
    archive.thumb(archive.answered(question="and on the phone?", before="how do I reset my password"), is_helpful=True)
    assert told(archive) == []
    with reading(archive.database) as session:
        assert [verdict.is_right for verdict in verdicts(session)] == [True], "but it was right"


def test_signs_alone_are_no_question(archive: Archive) -> None:
    archive.thumb(archive.answered(question="???"), is_helpful=True)
    assert told(archive) == []


def test_the_newest_ones_are_told_oldest_first(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.learning.outcomes.MOST", 2)
    archive = Archive(sqlite_database)
    for question in ("first", "second", "third"):
        archive.thumb(archive.answered(question=question), is_helpful=True)
    assert [label.text for label in told(archive)] == ["second", "third"]
