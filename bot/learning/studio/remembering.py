"""Encoders that remember what they were asked: the same few hundred questions are put to one draft after another."""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from store import Database, reading

if TYPE_CHECKING:
    from retrieval.encoders import Encoder, Encoders, Vectors
    from retrieval.index import Floats
    from retrieval.reader import Reader
    from retrieval.spaces import Space
    from retrieval.view import View

MOST = 6_000
"""Vectors kept for each model: some nine megabytes."""
_AT_ONCE = 16
"""A model that reads one batch at a time must not keep a customer waiting for a long one."""
Asked = tuple[str, str]
"""A question and its language, "" where it is guessed."""
_ByEncoder = defaultdict[str, set[str]]


class Remembering:
    """An encoder that encodes no question twice while it is remembered. Safe to use from several threads."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self.name, self.dimension, self.lift = encoder.name, encoder.dimension, encoder.lift
        self._known: OrderedDict[str, Floats] = OrderedDict()
        self._lock = threading.Lock()

    def queries(self, texts: Sequence[str]) -> Vectors:
        import numpy as np

        found = self.read(texts)
        return np.stack([found[text] for text in texts])

    def passages(self, texts: Sequence[str]) -> Vectors:
        return self.encoder.passages(texts)

    def ready(self) -> None:
        self.encoder.ready()

    def read(self, texts: Iterable[str]) -> dict[str, Floats]:
        """The vectors of ``texts``; those that are not remembered are encoded."""
        wanted = list(dict.fromkeys(texts))
        with self._lock:
            found = {text: self._known[text] for text in wanted if text in self._known}
        new = [text for text in wanted if text not in found]
        for start in range(0, len(new), _AT_ONCE):
            batch = new[start : start + _AT_ONCE]
            vectors = dict(zip(batch, self.encoder.queries(batch), strict=True))
            found |= vectors
            self.learn(vectors)
        return found

    def learn(self, vectors: Mapping[str, Floats]) -> None:
        """Take over what is known from elsewhere."""
        with self._lock:
            self._known |= vectors
            while len(self._known) > MOST:
                self._known.popitem(last=False)

    def unknown(self, texts: Iterable[str]) -> list[str]:
        with self._lock:
            return [text for text in dict.fromkeys(texts) if text not in self._known]


class Memory:
    """The memories of all models of ``encoders``; one that reads several languages has one memory."""

    def __init__(self, encoders: Encoders) -> None:
        self.by_name = {encoder.name: Remembering(encoder) for encoder in encoders.distinct}
        by_language: dict[str, Encoder] = {key: self.by_name[one.name] for key, one in encoders.by_language.items()}
        self.encoders = replace(encoders, by_language=by_language, crossing=self.by_name[encoders.crossing.name])

    def reader(self, reader: Reader) -> Reader:
        """The same reader, its questions read with these memories."""
        views = {language: self._view(view) for language, view in reader.views.items()}
        return replace(reader, encoders=self.encoders, views=views)

    def read(self, database: Database | None, reader: Reader, asked: Sequence[Asked]) -> None:
        """Have the vectors of questions that ``reader`` will be asked: a build kept those of gold questions, the
        others are encoded in batches."""
        from retrieval.vectors import Kind, key_of, load_vectors

        first, second = _texts(reader, asked)
        for name, memory in self.by_name.items():
            unknown = {key_of(name, Kind.QUERY, text): text for text in memory.unknown(first[name] | second[name])}
            if database is not None:
                with reading(database) as session:
                    kept = load_vectors(session, unknown)
                memory.learn({unknown[key]: vector for key, vector in kept.items()})
            memory.read(sorted(first[name]))

    def _view(self, view: View) -> View:
        spaces = tuple(map(self._space, view.spaces))
        return replace(view, spaces=spaces, second=None if view.second is None else self._space(view.second))

    def _space(self, space: Space) -> Space:
        return replace(space, encoder=self.by_name[space.encoder.name])


def _texts(reader: Reader, asked: Sequence[Asked]) -> tuple[_ByEncoder, _ByEncoder]:
    """What each encoder will be asked, and what those that give a second opinion may be."""
    from retrieval.languages import language_of
    from retrieval.texts import clean
    from retrieval.variants import base

    first: _ByEncoder = defaultdict(set)
    second: _ByEncoder = defaultdict(set)
    for question, language in asked:
        view = reader.view_of(base(language) if language else language_of(question, reader.main_language))
        text = view.wording.question(clean(question))
        for space in view.spaces:
            first[space.encoder.name].add(text)
        if view.second is not None:
            second[view.second.encoder.name].add(text)
    return first, second
