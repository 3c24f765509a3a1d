"""The words of the console exist in every language, and what is vendored is what the list says."""

from __future__ import annotations

import base64
import hashlib
import re
import string
import tomllib
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from api.console.refusals import sentence
from api.texts import LANGUAGES, sentences, texts
from handoff import errors as desk
from store.errors import StoreError

API = Path(str(files("api")))
TEMPLATES = sorted(API.joinpath("templates", "console").glob("*.html"))
USED = re.compile(r"""\bt\(\s*["']([a-z_.]+)["']\s*[,)]""")


def places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_texts_with_the_same_places(language: str) -> None:
    english, other = sentences("en"), sentences(language)
    assert english.keys() == other.keys()
    assert {key: places(text) for key, text in english.items()} == {key: places(text) for key, text in other.items()}
    assert all(text.strip() for text in other.values())


@pytest.mark.parametrize(
    ("key", "values", "one", "many"),
    [
        ("talk.earlier", {"count": 0}, "Show 1 earlier line", "Show 7 earlier lines"),
        ("from_ticket.removed", {"count": 0}, "1 piece was masked", "7 pieces were masked"),
        (
            "upload.rate",
            {"language": "English", "articles": 0, "passages": 0, "seconds": 3},
            "English: 1 article, 1 passage, read in 3 s",
            "English: 7 articles, 7 passages, read in 3 s",
        ),
    ],
)
def test_one_thing_is_counted_in_the_singular(key: str, values: dict[str, object], one: str, many: str) -> None:
    for count, said in ((1, one), (7, many)):
        given = {name: count if value == 0 else value for name, value in values.items()}
        assert texts("en")(key, **given) == said


def test_no_english_text_counts_in_the_plural_alone() -> None:
    counted = re.compile(r"\{(count|n|total|of|asked|rows|days|hours|articles|passages|seats|people)\} \w+s\b")
    never_one = {"gate.progress.reading"}
    assert {key for key, text in sentences("en").items() if counted.search(text)} - never_one == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_written_twice(language: str) -> None:
    """YAML takes the last one: whoever asked for the first reads what was said of something else."""
    keys = re.findall(r"^([\w.]+):", API.joinpath("texts", f"{language}.yml").read_text("utf8"), re.MULTILINE)
    assert [key for key, count in Counter(keys).items() if count > 1] == []


def test_no_text_is_the_same_in_both_languages_but_names() -> None:
    english, chinese = sentences("en"), sentences("zh")
    same = {key for key in english if english[key] == chinese[key]}
    assert same == {"channel.slack", "channel.telegram", "who.system"}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_text_that_a_template_asks_for_exists(template: Path) -> None:
    assert set(USED.findall(template.read_text("utf8"))) <= sentences("en").keys()


def test_templates_hold_no_words_of_their_own() -> None:
    """What is left between tags, expressions aside, is signs and the product's name."""
    for template in TEMPLATES:
        code = re.sub(r"\{% block (width|live) %\}.*?\{% endblock %\}", " ", template.read_text("utf8"))
        code = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", " ", code, flags=re.DOTALL)
        words = set(re.findall(r"[A-Za-z]{2,}", code)) - {
            "Firstline",
            "firstline",
            "kb",
            "import",
            "DIR",
            "replace",
            "propose",
        }
        assert words <= {"Ctrl", "Enter"}, template.name


def test_nothing_in_the_templates_needs_inline_script_or_style() -> None:
    for template in TEMPLATES:
        code = template.read_text("utf8")
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|hx-on|js:|javascript:|<script(?![^>]*\ssrc=)", code), (
            template.name
        )
        assert "| safe" not in code, template.name


def test_every_refusal_of_the_desk_has_its_sentence_in_every_language() -> None:
    kinds = [kind for kind in vars(desk).values() if isinstance(kind, type) and issubclass(kind, desk.HandoffError)]
    assert len(kinds) > 5
    for kind in kinds:
        assert f"error.{kind.__name__}" in sentences("zh"), kind


def test_an_error_without_a_text_of_its_own_says_what_its_kind_says() -> None:
    class Unforeseen(StoreError):
        """Details for the operator."""

    assert sentence(texts("zh"), Unforeseen(), 503) == sentences("zh")["error.StoreError"]
    assert sentence(texts("en"), Unforeseen(), 503) == "Details for the operator."
    assert sentence(texts("zh"), ValueError("secret"), 500) == sentences("zh")["error.500"]


@pytest.mark.parametrize(
    ("asked", "given"), [("zh-Hans-CN", "zh"), ("EN-gb", "en"), ("fr", "en"), (None, "en"), ("", "en")]
)
def test_a_language_that_we_do_not_speak_is_answered_in_english(asked: str | None, given: str) -> None:
    assert texts(asked).language == given


def test_data_newer_than_the_texts_is_shown_as_it_is() -> None:
    assert texts("en").named("reason", "moon_phase") == "moon_phase"
    assert texts("zh").named("reason", "urgent") == "紧急"


def test_vendored_files_are_exactly_the_listed_ones() -> None:
    listed = tomllib.loads(API.joinpath("static", "vendor.toml").read_text("utf8"))["file"]
    folder = API / "static" / "vendor"
    assert {item["file"] for item in listed} == {path.name for path in folder.iterdir()}
    for item in listed:
        digest = hashlib.sha384(folder.joinpath(item["file"]).read_bytes()).digest()
        assert item["sha384"] == "sha384-" + base64.b64encode(digest).decode(), item["file"]
        assert item["version"] in item["package"]
        assert item["licence"]
