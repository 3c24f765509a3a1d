"""YAML as editors write it: values by key with their lines, every mistake a sentence, nothing executed.

Texts are taken as they stand in the file, so ``title: 1.10`` is not the number 1.1 and ``language: no`` is not false.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

import yaml

from kb_content.language import guess_language, normal_tag
from kb_content.problems import Problems

Choice = TypeVar("Choice", bound=Enum)

NULL = "tag:yaml.org,2002:null"
# No more than PyYAML itself takes for a number, or a text written without quotes would come back as one.
_NUMBER = r"[-+]?(?:\d+\.\d*|\.\d+)(?:[eE][-+]\d+)?\Z|[-+]?\.inf\Z|\.nan\Z"
_PLAIN = [
    (NULL, re.compile(r"(?:~|null|Null|NULL|)\Z")),
    ("tag:yaml.org,2002:bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")),
    ("tag:yaml.org,2002:int", re.compile(r"[-+]?(?:0|[1-9]\d*)\Z")),
    ("tag:yaml.org,2002:float", re.compile(_NUMBER)),
]
_TRUE, _FALSE = ("true", "yes", "on"), ("false", "no", "off")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class NotYaml(ValueError):
    """The YAML cannot be read. ``line`` counts from 1 within the text, None where nobody knows."""

    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.line = line


class _Loader(yaml.SafeLoader):
    """Plain values only: dates and clock times stay texts, and aliases (which can explode) are refused."""

    yaml_implicit_resolvers = {None: _PLAIN}  # noqa: RUF012

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(None, None, "found an alias (*name)", self.peek_event().start_mark)  # type: ignore[no-untyped-call]
        return super().compose_node(parent, index)


class _Dumper(yaml.SafeDumper):
    """Values that ``_Loader`` reads back: no aliases, and characters that YAML would fold are escaped."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_str(self, data: str) -> yaml.ScalarNode:
        style = None if data.isprintable() else '"'
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_Dumper.add_representer(str, _Dumper.represent_str)


def write_yaml(values: Mapping[str, Any] | list[dict[str, Any]]) -> str:
    """YAML that ``Fields`` reads back to equal values; keys in the given order, one text a line."""
    return yaml.dump(values, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=1_000_000)


def storable(text: str) -> str:
    """``text`` without what no database takes: NUL and lone surrogates become U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def one_line(text: str) -> str:
    return " ".join(storable(text).split())


def compose(source: str) -> yaml.MappingNode | None:
    """The mapping that ``source`` holds, None when it holds nothing. Raises NotYaml."""
    node = _node(source)
    if node is not None and not isinstance(node, yaml.MappingNode):
        raise NotYaml("it must be lines of `key: value`", node.start_mark.line + 1)
    return node


def compose_list(source: str) -> list[yaml.MappingNode]:
    """The mappings of the list that ``source`` holds, none when it holds nothing. Raises NotYaml."""
    node = _node(source)
    if node is None:
        return []
    for entry in node.value if isinstance(node, yaml.SequenceNode) else [node]:
        if not isinstance(entry, yaml.MappingNode) or entry is node:
            raise NotYaml("each entry must be lines of `key: value` that begin with a dash", entry.start_mark.line + 1)
    return list(node.value)


def _node(source: str) -> yaml.Node | None:
    try:
        loader = _Loader(source)
        node = loader.get_single_node()
    except yaml.reader.ReaderError as error:
        line = source.count("\n", 0, error.position) + 1
        raise NotYaml(f"the character U+{error.character:04X} is not allowed there", line) from error
    except yaml.MarkedYAMLError as error:
        raise NotYaml(_sentence(error), error.problem_mark.line + 1 if error.problem_mark else None) from error
    except RecursionError as error:
        raise NotYaml("it is nested too deeply", None) from error
    return None if node is None or node.tag == NULL else node


class Fields:
    """The keys of one YAML mapping. Reading a key takes it; ``rest`` gives what nobody took.

    ``first_line`` is the line of the file where ``source`` begins. Bad values become problems and the default.
    """

    def __init__(self, source: str, first_line: int, problems: Problems) -> None:
        self._take(compose(source), source, first_line, problems)

    @classmethod
    def of(cls, node: yaml.MappingNode, source: str, first_line: int, problems: Problems) -> Fields:
        """The keys of ``node``, one of several mappings in ``source``."""
        fields = cls.__new__(cls)
        fields._take(node, source, first_line, problems)
        return fields

    def _take(self, node: yaml.MappingNode | None, source: str, first_line: int, problems: Problems) -> None:
        self.source = source
        self.first_line = first_line
        self.problems = problems
        self.nodes: dict[str, yaml.Node] = {}
        self.lines: dict[str, int] = {}
        for key, value in node.value if node else ():
            self._add(key, value)

    def _add(self, key: yaml.Node, value: yaml.Node) -> None:
        line = self._line(key)
        if not isinstance(key, yaml.ScalarNode):
            self.problems.error(line, "a key must be a word: this entry was left out")
            return
        name = storable(key.value)
        if name in self.nodes:
            self.problems.warning(line, f"`{name}` is there twice: the last one counts, delete the other")
        self.nodes[name] = value
        self.lines[name] = line

    def line(self, key: str) -> int:
        return self.lines.get(key, self.first_line)

    def text(self, key: str) -> str | None:
        """The value of ``key`` on one line; None where it is missing or empty."""
        node = self.nodes.pop(key, None)
        if node is None or node.tag == NULL:
            return None
        if not isinstance(node, yaml.ScalarNode):
            self.problems.error(self.line(key), f"`{key}` must be one text, not a list or mapping: it was left out")
            return None
        return one_line(node.value) or None

    def texts(self, key: str, commas: bool = False) -> tuple[str, ...]:
        """The list of texts of ``key``; a single text counts as a list of one (or of its parts at ``commas``)."""
        return tuple(text for text, _ in self.texts_with_lines(key, commas))

    def texts_with_lines(self, key: str, commas: bool = False) -> list[tuple[str, int]]:
        node = self.nodes.pop(key, None)
        return [] if node is None else self._texts(key, node, commas)

    def texts_by_key(self, key: str) -> dict[str, tuple[str, ...]]:
        """A mapping of lists, such as ``audience``."""
        node = self.nodes.pop(key, None)
        if node is None or node.tag == NULL:
            return {}
        if not isinstance(node, yaml.MappingNode):
            self.problems.error(self.line(key), f"`{key}` must be lines of `name: [values]`: it was left out")
            return {}
        return {
            one_line(name.value): tuple(text for text, _ in self._texts(key, value))
            for name, value in node.value
            if isinstance(name, yaml.ScalarNode)
        }

    def texts_by_language(self, key: str) -> dict[str, tuple[str, ...]]:
        """A mapping from language to texts; texts without a language get a guessed one."""
        node = self.nodes.get(key)
        if isinstance(node, (yaml.SequenceNode, yaml.ScalarNode)) and node.tag != NULL:
            return self._guessed(key)
        found: dict[str, tuple[str, ...]] = {}
        for name, texts in self.texts_by_key(key).items():
            language = normal_tag(name)
            if language:
                found[language] = found.get(language, ()) + texts
            else:
                self.problems.error(
                    self.line(key), f"`{key}`: `{name}` is no language (write en, zh, pt-BR …): its texts were left out"
                )
        return found

    def flag(self, key: str, default: bool = False) -> bool:
        line, written = self.line(key), self.text(key)
        if written is None or written.lower() in (*_TRUE, *_FALSE):
            return default if written is None else written.lower() in _TRUE
        self.problems.error(line, f"`{key}` must be true or false, not `{written}`")
        return default

    def choice(self, key: str, kind: type[Choice], default: Choice) -> Choice | None:
        """A member of ``kind`` by its value; None, with an error told, for anything else."""
        written = self.text(key)
        if written is None:
            return default
        for member in kind:
            if member.value == written.lower():
                return member
        known = ", ".join(str(member.value) for member in kind)
        self.problems.error(
            self.line(key), f"`{key}` is `{written}`, but must be one of {known}. Until then it is all left out"
        )
        return None

    def rest(self) -> dict[str, Any]:
        """What nobody took, as plain JSON values."""
        found: dict[str, Any] = {}
        for key, node in self.nodes.items():
            try:
                found[key] = _json_value(_Loader("").construct_object(node, deep=True))
            except (yaml.YAMLError, ValueError, TypeError, RecursionError):
                self.problems.error(self.line(key), f"the value of `{key}` cannot be kept: it was left out")
        return found

    def _texts(self, key: str, node: yaml.Node, commas: bool = False) -> list[tuple[str, int]]:
        if node.tag == NULL:
            return []
        if isinstance(node, yaml.ScalarNode):
            parts = node.value.split(",") if commas else [node.value]
            return [(one_line(part), self._line(node)) for part in parts if part.strip()]
        if isinstance(node, yaml.MappingNode):
            self.problems.error(self._line(node), f"`{key}` must be a list (lines of `- text`): it was left out")
            return []
        taken = [(self._item(key, item), self._line(item)) for item in node.value]
        return [(text, line) for text, line in taken if text]

    def _item(self, key: str, node: yaml.Node) -> str:
        if node.tag == NULL:
            return ""
        if isinstance(node, yaml.ScalarNode):
            return one_line(node.value)
        # `- Error: nothing works` is a mapping to YAML and a sentence to its writer.
        line = self._line(node)
        written = self.source[node.start_mark.index : node.end_mark.index].strip()
        if "\n" in written or isinstance(node, yaml.SequenceNode):
            self.problems.error(line, f"an entry of `{key}` is not a text: it was left out; put it in quotes")
            return ""
        self.problems.warning(line, f"an entry of `{key}` has a colon: it was taken as a text; put it in quotes")
        return one_line(written)

    def _guessed(self, key: str) -> dict[str, tuple[str, ...]]:
        self.problems.warning(
            self.line(key), f"`{key}` names no languages: they were guessed; write `en:` or `zh:` above each list"
        )
        found: dict[str, tuple[str, ...]] = {}
        for text in self.texts(key):
            language = guess_language(text)
            found[language] = (*found.get(language, ()), text)
        return found

    def _line(self, node: yaml.Node) -> int:
        return int(node.start_mark.line) + self.first_line


def _sentence(error: yaml.MarkedYAMLError) -> str:
    """YAML's own words, with what an editor can do about the usual causes."""
    words = storable(error.problem or "it cannot be read")
    if "mapping values" in words:
        return 'a value with a colon must be in quotes, as in `title: "Error: what now"`'
    if "\\t" in words or "'\t'" in words:
        return "indent with spaces, not with a tab"
    if "alias" in words or "anchor" in words:
        return "values that begin with * or & must be in quotes"
    if "cannot start any token" in words:
        return f"{words}: put the value in quotes"
    return words


def _json_value(value: Any) -> Any:
    if isinstance(value, dict):
        return {storable(str(key)): _json_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json_value(item) for item in value]
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    raise TypeError(f"{type(value).__name__} is not JSON")
