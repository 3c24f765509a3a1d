"""A closer look at an import before it is carried out: its passages are encoded, and duplicates found by them.

A child process of low priority does it and only reads; its vectors are kept, so that publishing has less to do.
Run as ``python -m bot.learning.importing.looking``: the order comes as JSON on standard input, progress goes to
standard output.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.learning.building import load_vectors_file, save_vectors_file
from bot.learning.importing.duplicates import Duplicate, Piece, duplicates
from bot.learning.importing.errors import NotReadable
from bot.learning.importing.keeping import article_from_values
from kb_content.articles import Article, PublishedArticle

if TYPE_CHECKING:
    from retrieval.encoders import Encoder, Encoders
    from retrieval.vectors import VectorCache, VectorKey
    from store import Database

Report = Callable[[str], None]
Keep = Callable[["VectorCache"], None]
_VECTORS = "\tvectors "
_REFUSED = 1
_BATCH = 64


@dataclass(frozen=True)
class Rate:
    """How fast one language was read: articles, passages, how many of those were encoded anew, and in what time."""

    language: str
    articles: int
    passages: int
    encoded: int
    seconds: float

    @property
    def each_second(self) -> float | None:
        return self.encoded / self.seconds if self.encoded and self.seconds > 0 else None


@dataclass(frozen=True)
class Looked:
    """What a closer look found. The names of articles are "id (language)"."""

    duplicates: tuple[Duplicate, ...] = ()
    rates: tuple[Rate, ...] = ()


def name_of(article: Article) -> str:
    return f"{article.id} ({article.language})"


def look_closer(
    url: str, encoder: str | None, articles: Sequence[Article], report: Report, keep: Keep | None = None
) -> Looked:
    """Look at new and changed ``articles`` beside the knowledge base at ``url``. ``keep`` gets new vectors to store.

    Raises NotReadable with the child's own sentence.
    """
    if not articles:
        return Looked()
    with tempfile.TemporaryDirectory(prefix="firstline-look-") as folder:
        given, result = Path(folder) / "articles.json", Path(folder) / "looked.json"
        given.write_text(json.dumps([asdict(article) for article in articles]), "utf-8")
        order = {"url": url, "encoder": encoder, "articles": str(given), "result": str(result), "folder": folder}
        _run(json.dumps({**order, "hands_over": keep is not None}), report, keep)
        values = json.loads(result.read_text("utf-8"))
    return looked_from(values)


def looked_values(looked: Looked) -> dict[str, Any]:
    """``looked`` as plain values; ``looked_from`` is the way back."""
    return {"duplicates": [asdict(one) for one in looked.duplicates], "rates": [asdict(one) for one in looked.rates]}


def looked_from(values: dict[str, Any]) -> Looked:
    return Looked(
        tuple(Duplicate(**{**one, "texts": tuple(one["texts"])}) for one in values["duplicates"]),
        tuple(Rate(**one) for one in values["rates"]),
    )


def _run(message: str, report: Report, keep: Keep | None) -> None:
    command, last = [sys.executable, "-m", "bot.learning.importing.looking"], ""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(message + "\n")
            child.stdin.flush()
            for line in child.stdout:
                if line.startswith(_VECTORS):
                    path = Path(line.rstrip("\n").removeprefix(_VECTORS))
                    if keep is not None:
                        keep(load_vectors_file(path))
                    path.unlink()
                    continue
                last = line.rstrip()
                report(last)
            child.wait()
        except BaseException:
            child.terminate()
            raise
    if child.returncode != 0:
        reason = last if child.returncode == _REFUSED and last else f"the look was cut off (code {child.returncode})"
        raise NotReadable("The import", reason)


def main() -> int:
    """The child's side."""
    os.nice(10)
    # A Ctrl-C at the terminal reaches us too; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    order: dict[str, Any] = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        looked = _look(order)
    except Exception as error:
        _tell(str(error))
        return _REFUSED
    Path(order["result"]).write_text(json.dumps(looked_values(looked)), "utf-8")
    return 0


def _look(order: dict[str, Any]) -> Looked:
    from kb_content.passages import split
    from retrieval.encoders import load_encoders
    from store import open_database

    given = json.loads(Path(order["articles"]).read_text("utf-8"))
    new = [PublishedArticle(one, 0, split(one, 0)) for one in map(article_from_values, given)]
    encoders = load_encoders(order["encoder"], _tell)
    database = open_database(order["url"])
    held = _held(database, {(one.article.id, one.article.language) for one in new})
    reader = _Reader(database, encoders, Path(order["folder"]) if order["hands_over"] else None)
    found: list[Duplicate] = []
    rates: list[Rate] = []
    for language in sorted({_base(one) for one in new}):
        several = [one for one in new if _base(one) == language]
        more, rate = reader.read(language, several, [one for one in held if _base(one) == language])
        found += more
        rates.append(rate)
    database.close()
    return Looked(tuple(found), tuple(rates))


class _Reader:
    """Encodes what nobody has encoded yet, language by language."""

    def __init__(self, database: Database, encoders: Encoders, folder: Path | None) -> None:
        self._database = database
        self._encoders = encoders
        self._folder = folder
        self._files = 0

    def read(
        self, language: str, new: Sequence[PublishedArticle], held: Sequence[PublishedArticle]
    ) -> tuple[list[Duplicate], Rate]:
        import numpy as np

        from retrieval.needs import Need
        from retrieval.pieces import Role, pieces_of
        from retrieval.vectors import key_of, load_vectors
        from store import reading

        encoder = self._encoders.of(language)
        needs: dict[VectorKey, Need] = {}
        found: list[tuple[Piece, VectorKey]] = []
        for several, is_new in ((new, True), (held, False)):
            for one in several:
                for piece in pieces_of(one):
                    if piece.role is Role.PASSAGE:
                        key = key_of(encoder.name, piece.kind, piece.text)
                        text = one.passages[piece.position].text
                        found.append((Piece(name_of(one.article), text, is_new), key))
                        needs[key] = (encoder, piece.kind, piece.text)
        with reading(self._database) as session:
            known = load_vectors(session, needs)
        started = time.monotonic()
        made = self._encode(language, encoder, needs, known)
        seconds = time.monotonic() - started
        vectors = {**known, **made}
        rows = np.stack([vectors[key] for _, key in found]) if found else np.empty((0, encoder.dimension), np.float32)
        passages = sum(piece.is_new for piece, _ in found)
        rate = Rate(language, len(new), passages, len(made), round(seconds, 2))
        return duplicates([piece for piece, _ in found], rows, encoder.lift), rate

    def _encode(
        self, language: str, encoder: Encoder, needs: dict[VectorKey, Any], known: VectorCache
    ) -> dict[VectorKey, Any]:
        from retrieval.shipped import shipped

        missing = [key for key in needs if key not in known]
        made: dict[VectorKey, Any] = dict(shipped(missing)) if missing else {}
        left = [key for key in missing if key not in made]
        for start in range(0, len(left), _BATCH):
            keys = left[start : start + _BATCH]
            new = dict(zip(keys, encoder.passages([needs[key][2] for key in keys]), strict=True))
            made |= new
            self._hand_over(new)
            _tell(f"reading {language}: {min(len(left), start + _BATCH):,} of {len(left):,} passages")
        return made

    def _hand_over(self, vectors: VectorCache) -> None:
        if self._folder is None or not vectors:
            return
        self._files += 1
        path = self._folder / f"vectors-{self._files}.npz"
        save_vectors_file(vectors, path)
        _tell(f"{_VECTORS}{path}")


def _held(database: Database, replaced: set[tuple[str, str]]) -> list[PublishedArticle]:
    """The articles of the working state that the import leaves as they are."""
    from kb_content.studio.working import current_versions
    from kb_content.versions import article_from, passages_from
    from store import reading

    with reading(database) as session:
        return [
            PublishedArticle(article_from(row, version), version.number, passages_from(row, version))
            for row, version in current_versions(session)
            if (row.article_id, row.language) not in replaced
        ]


def _base(one: PublishedArticle) -> str:
    return one.article.language.split("-")[0]


def _tell(sentence: str) -> None:
    is_path = sentence.startswith(_VECTORS)
    sys.stdout.write(f"{sentence if is_path else ' '.join(sentence.splitlines())}\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    """The parent keeps our standard input open: when it ends, however it ends, so do we."""
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    raise SystemExit(main())
