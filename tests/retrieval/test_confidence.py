from __future__ import annotations

import numpy as np
import pytest

from retrieval import prior
from retrieval.confidence import fit_confidence, fit_ranker, probability
from retrieval.ranking import SIGNS
from retrieval.view import FEATURES, FIRST_LOOK

_BELIEF = prior.ASKED.first
_BELIEFS = [prior.ASKED, prior.ASKED_PAGES, prior.BARE, prior.FAQ, prior.BARE_OTHER, prior.FAQ_OTHER]


@pytest.mark.parametrize("belief", _BELIEFS)
def test_the_prior_has_a_place_for_every_feature_and_sign(belief: prior.Belief) -> None:
    for look in (belief.first, belief.second):
        assert len(look.ranker) == len(FEATURES)
        assert len(look.confidence) == len(look.offer) == len(SIGNS) + 1
    assert len(prior.CENTRE) == len(prior.SCALE) == len(SIGNS)


@pytest.mark.parametrize("belief", _BELIEFS)
def test_the_first_look_makes_nothing_of_what_only_the_second_sees(belief: prior.Belief) -> None:
    assert not belief.first.ranker[FIRST_LOOK:].any()
    assert not belief.first.confidence[-3:].any()


def test_what_is_believed_follows_how_the_articles_are_written() -> None:
    for has_examples, with_bodies, asking, is_other, belief in (
        (True, 0.0, 0.0, False, prior.ASKED),
        (True, 1.0, 1.0, False, prior.ASKED_PAGES),
        (False, 1.0, 0.1, False, prior.BARE),
        (False, 1.0, 0.9, False, prior.FAQ),
        (False, 1.0, 0.1, True, prior.BARE_OTHER),
        (False, 1.0, 0.9, True, prior.FAQ_OTHER),
        (False, 0.0, 0.9, True, prior.BARE_OTHER),
    ):
        found = prior.belief_for(has_examples, with_bodies, asking, is_other)
        assert found.first.ranker.tolist() == pytest.approx(belief.first.ranker.tolist())
        assert found.second.offer.tolist() == pytest.approx(belief.second.offer.tolist())


def test_a_knowledge_base_of_both_kinds_is_believed_to_be_in_between() -> None:
    title = FEATURES.index("title")
    weights = [
        prior.belief_for(has_examples=False, with_bodies=1.0, asking=asking, is_other=False).first.ranker[title]
        for asking in (0.1, 0.4, 0.5, 0.9)
    ]
    assert weights == sorted(weights)
    assert len(set(weights)) == 4


def test_without_rows_everything_stays_as_believed() -> None:
    assert fit_ranker([], [], np.zeros(0), _BELIEF.ranker).tolist() == _BELIEF.ranker.tolist()
    empty = np.empty((0, len(SIGNS)))
    kept = fit_confidence(empty, np.zeros(0, bool), np.zeros(0), _BELIEF.confidence)
    assert kept.tolist() == _BELIEF.confidence.tolist()


def test_a_ranker_learns_which_evidence_tells_and_never_below_zero() -> None:
    generator = np.random.default_rng(5)
    features, right = [], []
    for _ in range(400):
        one = generator.normal(size=(6, len(_BELIEF.ranker))).astype(np.float32)
        one[0, 0] += 3
        one[0, 1] -= 3
        features.append(one)
        right.append(np.arange(6) == 0)
    weights = fit_ranker(features, right, np.ones(400), _BELIEF.ranker)
    assert weights[0] > _BELIEF.ranker[0]
    assert weights[1] == 0


def test_more_evidence_never_makes_an_answer_less_probable() -> None:
    generator = np.random.default_rng(6)
    signs = generator.normal(size=(2_000, len(SIGNS)))
    right = generator.random(2_000) < 1 / (1 + np.exp(2 * signs[:, SIGNS.index("nearest")]))
    fitted = fit_confidence(signs, right, np.ones(2_000), _BELIEF.confidence)
    assert fitted[1 + SIGNS.index("nearest")] >= 0
    assert fitted[1 + SIGNS.index("unknown words")] <= 0


def test_a_fitted_confidence_is_calibrated() -> None:
    generator = np.random.default_rng(7)
    signs = generator.normal(size=(4_000, len(SIGNS)))
    truth = 1 / (1 + np.exp(-(1.5 * signs[:, 0] - 0.5)))
    right = generator.random(4_000) < truth
    fitted = fit_confidence(signs, right, np.ones(4_000), _BELIEF.confidence)
    assert np.abs(probability(signs, fitted) - truth).mean() < 0.05
