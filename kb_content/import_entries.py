"""What an import makes of intents, glossary, sentences and gold questions: things that have no versions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypedDict

from sqlmodel import Session, col, select

from kb_content.agreement import GOLD, INTENT, SENTENCE, TERM, Named
from kb_content.articles import Sentence
from kb_content.folder import Folder
from kb_content.glossary_file import term_values
from kb_content.gold_file import gold_values
from kb_content.import_plan import ImportPlan
from kb_content.import_record import Before
from kb_content.intent_file import intent_values
from kb_content.lying import named_gold, named_term
from kb_content.models import GlossaryRow, GoldRow, KbIntent, KbSentence
from kb_content.settling import Entries, Merge, Row, plan_entries
from kb_content.versions import sha256_of

Values = dict[str, Any]


class AllEntries(TypedDict):
    intents: Entries
    terms: Entries
    sentences: Entries
    gold: Entries


def plan_all_entries(session: Session, folder: Folder, merge: Merge) -> AllEntries:
    """Only reads. A glossary or sentences that could not be read stay as they are."""
    return AllEntries(
        intents=plan_entries(
            merge,
            _hashed((intent_named(values["name"]), values) for values in map(intent_values, folder.intents)),
            held_intents(session),
            lambda named: named.name in folder.unread_intents,
        ),
        terms=plan_entries(
            merge,
            _hashed((term_named(values), values) for values in map(term_values, folder.glossary)),
            held_terms(session, merge.source),
        )
        if folder.is_glossary_read
        else Entries(),
        sentences=plan_entries(merge, _hashed(map(_sentence, folder.sentences)), held_sentences(session))
        if folder.are_sentences_read
        else Entries(),
        gold=plan_entries(
            merge,
            _hashed((gold_named(values), values) for values in map(gold_values, folder.gold)),
            held_gold(session, merge.source),
        ),
    )


def apply_entries(session: Session, plan: ImportPlan, before: Before) -> None:
    _apply_intents(session, plan.intents, plan.source, before)
    _apply_sentences(session, plan.sentences, plan.source, before)
    _apply_rows(session, GlossaryRow, TERM, plan.terms, plan.source, before)
    _apply_rows(session, GoldRow, GOLD, plan.gold, plan.source, before)


def intent_named(name: str) -> Named:
    return Named(INTENT, name)


def term_named(values: Values) -> Named:
    return named_term(values["term"], values["language"])


def gold_named(values: Values) -> Named:
    return named_gold(values["text"], values["language"])


def sentence_named(key: str, language: str) -> Named:
    return Named(SENTENCE, key, language)


def held_intents(session: Session) -> dict[Named, Row]:
    rows = session.exec(select(KbIntent))
    return {intent_named(row.name): Row(row.data, sha256_of(row.data), row.source) for row in rows}


def held_sentences(session: Session) -> dict[Named, Row]:
    found = {}
    for row in session.exec(select(KbSentence)):
        data = {"text": row.text}
        found[sentence_named(row.key, row.language)] = Row(data, sha256_of(data), row.source)
    return found


def held_terms(session: Session, source: str) -> dict[Named, Row]:
    """Of a term that several sources have, the row of ``source`` counts, else the first."""
    return _held(((term_named(row.data), row) for row in session.exec(select(GlossaryRow).order_by(_term_id))), source)


def held_gold(session: Session, source: str) -> dict[Named, Row]:
    return _held(((gold_named(row.data), row) for row in session.exec(select(GoldRow).order_by(_gold_id))), source)


def _held(rows: Iterable[tuple[Named, GlossaryRow | GoldRow]], source: str) -> dict[Named, Row]:
    found: dict[Named, Row] = {}
    for named, row in rows:
        if named not in found or (row.source == source and found[named].source != source):
            found[named] = Row(row.data, sha256_of(row.data), row.source)
    return found


def _hashed(entries: Iterable[tuple[Named, Values]]) -> dict[Named, tuple[Values, str]]:
    return {named: (values, sha256_of(values)) for named, values in entries}


def _sentence(sentence: Sentence) -> tuple[Named, Values]:
    return sentence_named(sentence.key, sentence.language), {"text": sentence.text}


def _apply_intents(session: Session, entries: Entries, source: str, before: Before) -> None:
    if entries.is_empty:
        return
    rows = {intent_named(row.name): row for row in session.exec(select(KbIntent))}
    for named in (*entries.added, *entries.changed, *entries.adopted, *entries.removed):
        row, data = rows.get(named), entries.rows.get(named)
        before.entry(named, {"data": row.data, "source": row.source} if row else None, data)
        if row is not None and data is not None:
            row.data, row.source = data, source
        elif row is not None:
            session.delete(row)
        elif data is not None:
            session.add(KbIntent(name=named.name, data=data, source=source))


def _apply_sentences(session: Session, entries: Entries, source: str, before: Before) -> None:
    if entries.is_empty:
        return
    rows = {sentence_named(row.key, row.language): row for row in session.exec(select(KbSentence))}
    for named in (*entries.added, *entries.changed, *entries.adopted, *entries.removed):
        row, data = rows.get(named), entries.rows.get(named)
        before.entry(named, {"data": {"text": row.text}, "source": row.source} if row else None, data)
        if row is not None and data is not None:
            row.text, row.source = data["text"], source
        elif row is not None:
            session.delete(row)
        elif data is not None:
            session.add(KbSentence(key=named.name, language=named.language, text=data["text"], source=source))


def _apply_rows(
    session: Session, table: type[GlossaryRow] | type[GoldRow], kind: str, entries: Entries, source: str, before: Before
) -> None:
    """Terms and gold questions have no name of their own: the rows of this source are written anew, in order."""
    if entries.is_empty:
        return
    name_of = term_named if kind == TERM else gold_named
    gone = {*entries.rows, *entries.removed}
    rows: Sequence[GlossaryRow | GoldRow]
    if kind == TERM:
        rows = session.exec(select(GlossaryRow).order_by(_term_id)).all()
    else:
        rows = session.exec(select(GoldRow).order_by(_gold_id)).all()
    old = [row for row in rows if row.source == source or name_of(row.data) in gone]
    new = [table(data=data, source=source) for data in entries.rows.values()]
    before.rows(kind, [(row.data, row.source) for row in old], [(row.data, row.source) for row in new])
    for row in old:
        session.delete(row)
    session.flush()
    session.add_all(new)


_term_id, _gold_id = col(GlossaryRow.id), col(GoldRow.id)
__all__ = [
    "AllEntries",
    "apply_entries",
    "gold_named",
    "held_gold",
    "held_intents",
    "held_sentences",
    "held_terms",
    "intent_named",
    "plan_all_entries",
    "sentence_named",
    "term_named",
]
