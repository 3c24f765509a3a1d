from __future__ import annotations

import numpy as np
from small_kb import contents_of

from kb_content.articles import Article
from retrieval.encoders import Encoders
from retrieval.needs import encode_missing, wanted
from retrieval.opening import open_view
from retrieval.stretches import stretches, stretches_of
from retrieval.view import FEATURES

_STEPS = "Open the settings of the project. " * 5
_BATTERY = (
    "The bicycle's battery lasts about forty kilometres on flat ground, and less when it is cold or windy outside."
)
_PAGE = f"{_STEPS}\n\n{_BATTERY}\n\n{_STEPS}"


def test_sentences_are_joined_until_there_is_something_to_say() -> None:
    found = stretches("One two three. Four five six.\n\n" + "word " * 20 + ". The rest.")
    assert len(found) == 1
    assert found[0].startswith("One two three. Four five six. word")
    assert found[0].endswith("The rest.")


def test_chinese_sentences_are_told_apart_without_spaces() -> None:
    sentence = "打开项目的设置页面然后选择导出按钮并且等待邮件到达收件箱里面再点击其中的下载链接完成。"
    assert stretches(sentence * 3) == [sentence] * 3


def test_marks_and_empty_lines_are_no_stretch() -> None:
    assert stretches("---\n\n***\n") == []
    assert stretches("# A heading\n\n| a | b |") == ["A heading a b"]


def test_a_long_table_does_not_fill_the_index() -> None:
    assert len(stretches("\n".join("cell " * 25 for _ in range(100)))) == 12


def test_what_one_sentence_of_a_long_page_says_is_found_in_it(encoders: Encoders) -> None:
    pages = [Article("bike", "en", "Settings", _PAGE), Article("other", "en", "Projects", _STEPS * 3)]
    kb = contents_of(pages)
    view = open_view(kb, "en", encoders, encode_missing(wanted(kb, encoders), {}, lambda sentence: None))
    assert any(_BATTERY in piece.text for piece in stretches_of(view.articles[0]))
    evidence = view.evidence(view.asked("how far can I ride before it is empty"))
    column = evidence.features[:, FEATURES.index("stretch")]
    assert view.articles[int(evidence.articles[int(np.argmax(column))])].article.id == "bike"


def test_a_page_in_a_language_of_the_slow_encoder_has_its_passages_only(encoders: Encoders) -> None:
    kb = contents_of([Article("export", "zh", "导出报表", "打开报表，然后选择导出。" * 10)])
    view = open_view(kb, "zh", encoders, encode_missing(wanted(kb, encoders), {}, lambda sentence: None))
    assert view.spaces[0].stretches is None
    evidence = view.evidence(view.asked("怎么导出"))
    places = FEATURES.index("stretch"), FEATURES.index("passage")
    assert evidence.features[0, places[0]] == evidence.features[0, places[1]]
