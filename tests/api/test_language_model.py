"""What an admin sets about the language model, and what the doctor says about it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from standins.llm import LlmServer, Status, serving
from standins.llm.server import KEY, MODEL

from api.cli.doctor import _language_model, _settings
from api.cli.parts import house_of
from api.settings import Settings


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whoever runs the tests may have a model of their own."""
    monkeypatch.chdir(tmp_path_factory.mktemp("bare"))
    for name in ("BASE_URL", "API_KEY", "MODEL"):
        monkeypatch.delenv(f"FIRSTLINE_LLM_{name}", raising=False)


@pytest.fixture
def llm() -> Iterator[LlmServer]:
    with serving() as server:
        yield server


def settings(**set_to: str) -> Settings:
    return Settings.model_validate(set_to)


def doctor_says(found: Settings) -> tuple[str, bool]:
    (finding,) = _language_model(found)
    return finding.says, finding.ok


def test_without_settings_there_is_no_model_and_nothing_is_wrong() -> None:
    assert house_of(settings()).llm is None
    assert doctor_says(settings()) == ("off; answers quote the articles", True)


@pytest.mark.parametrize("half", [{"llm_api_key": KEY, "llm_model": MODEL}, {"llm_base_url": "http://127.0.0.1:9/v1"}])
def test_half_of_the_settings_is_no_model_and_the_doctor_says_which_are_missing(half: dict[str, str]) -> None:
    assert house_of(settings(**half)).llm is None
    says, is_ok = doctor_says(settings(**half))
    assert not is_ok
    assert "FIRSTLINE_LLM_BASE_URL and FIRSTLINE_LLM_MODEL" in says


def test_a_model_that_answers_is_well_and_one_that_refuses_the_key_is_not(llm: LlmServer) -> None:
    found = settings(llm_base_url=llm.base_url, llm_model=MODEL, llm_api_key=KEY)
    assert doctor_says(found) == (f"{MODEL} answers; it rephrases passages", True)
    llm.replies(Status(403))
    says, is_ok = doctor_says(found)
    assert says == f"The language model at {llm.base_url} does not answer: it refuses the key."
    assert not is_ok


def test_the_key_prints_as_stars() -> None:
    found = settings(llm_base_url="http://127.0.0.1:9/v1", llm_model=MODEL, llm_api_key=KEY)
    shown = {finding.what: finding.says for finding in _settings(found)}
    assert shown["FIRSTLINE_LLM_API_KEY"].startswith("**********")
    assert shown["FIRSTLINE_LLM_MODEL"].startswith(MODEL)
    assert KEY not in repr(house_of(found)) + repr(found)
