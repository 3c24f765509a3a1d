"""The bot's own sentences as a house says them: a YAML file with one mapping for each language.

    en:
      thanks: "Any time!"

Which sentences there are, and what may stand in braces, the bot knows: here every name is taken.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import yaml

from kb_content.articles import Sentence
from kb_content.fields import NULL, NotYaml, compose, one_line, storable, write_yaml
from kb_content.language import normal_tag
from kb_content.problems import Problem, Problems

SENTENCES_FILE = "sentences.yml"
_LONGEST_KEY = 100
_SHAPE = 'write `en:` and below it lines such as `  thanks: "Any time!"`'


@dataclass(frozen=True)
class SentencesFile:
    """What the file gave, by key and language. ``is_read``: False where it is no YAML mapping at all."""

    path: str
    sentences: tuple[Sentence, ...] = ()
    problems: tuple[Problem, ...] = ()
    is_read: bool = True


def read_sentences(text: str, path: str) -> SentencesFile:
    """Read the file ``path`` (relative to the KB folder) with the content ``text``. Never raises."""
    problems = Problems(path)
    try:
        node = compose(text)
    except NotYaml as error:
        problems.error(error.line, f"the sentences are not valid YAML: {error}; {_SHAPE}. They were left out")
        return SentencesFile(path, problems=tuple(problems.found), is_read=False)
    found: dict[tuple[str, str], Sentence] = {}
    for language, values in node.value if node else ():
        for sentence, line in _of_language(language, values, problems):
            key = (sentence.key, sentence.language)
            if key in found:
                problems.warning(line, f"`{sentence.key[:60]}` is there twice: the last one counts, delete the other")
            found[key] = sentence
    return SentencesFile(path, tuple(found[key] for key in sorted(found)), tuple(problems.found))


def write_sentences(sentences: Iterable[Sentence]) -> str:
    by_language: dict[str, dict[str, str]] = {}
    for one in sorted(sentences, key=lambda one: (one.language, one.key)):
        by_language.setdefault(one.language, {})[one.key] = one.text
    return write_yaml(by_language)


def _of_language(name: yaml.Node, values: yaml.Node, problems: Problems) -> list[tuple[Sentence, int]]:
    line = _line(name)
    language = normal_tag(one_line(name.value)) if isinstance(name, yaml.ScalarNode) else None
    if language is None:
        problems.error(line, f"this is no language: {_SHAPE}. What is below it was left out")
        return []
    if values.tag == NULL:
        return []
    if not isinstance(values, yaml.MappingNode):
        problems.error(line, f"below `{language}` there must be names with sentences: {_SHAPE}. It was left out")
        return []
    found = [(_sentence(key, value, language, problems), _line(key)) for key, value in values.value]
    return [(sentence, line) for sentence, line in found if sentence]


def _sentence(key: yaml.Node, value: yaml.Node, language: str, problems: Problems) -> Sentence | None:
    line, name = _line(key), one_line(key.value) if isinstance(key, yaml.ScalarNode) else ""
    if not 0 < len(name) <= _LONGEST_KEY:
        problems.error(line, "the name of a sentence must be a word: this one was left out")
        return None
    if not isinstance(value, yaml.ScalarNode):
        problems.error(line, f"`{name}` must be one text, not a list or mapping: it was left out")
        return None
    text = storable(value.value).strip()
    if value.tag == NULL or not text:
        problems.warning(line, f"`{name}` says nothing, so the sentence that comes with Firstline is said: delete it")
        return None
    return Sentence(name, language, text)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
