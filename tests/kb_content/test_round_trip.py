"""The knowledge base and a folder in git, edited on both sides: what one side changed reaches the other, and what both
changed is shown and written over by nobody."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from kb_content.agreement import Side
from kb_content.article_file import write_article
from kb_content.articles import Article, GoldQuestion, Intent, Sentence, Term
from kb_content.catalogue import ImportPlan, apply_import, plan_import
from kb_content.errors import ExportRefused, ImportOutdated
from kb_content.export import Exported, export_folder
from kb_content.folder import Folder, read_folder
from kb_content.intent_file import write_intent
from kb_content.models import ArticleVersion, GlossaryRow, GoldRow, KbArticle, KbIntent, KbSentence
from kb_content.passages import split
from kb_content.versions import article_from, new_version
from store import Database, reading, transaction

pytestmark = pytest.mark.any_database

RESET = Article("reset", "en", "Reset a password", "Open the page.\n\n## Steps\n\n1. Press Reset.", ("forgot it",))
LOCKED = Article("locked", "en", "Unlock an account", "Wait 15 minutes.")
INTENT = Intent("access", examples={"en": ("cannot get in",)})
TERM, SEAT = Term("workspace", ("team space",), "en"), Term("seat", ("licence",), "en")
GOLD = GoldQuestion("I forgot my password", "en", ("reset",))
THANKS = Sentence("thanks", "en", "Any time!")


@dataclass
class House:
    """The KB, and the folder in git that it is brought from."""

    database: Database
    folder: Path
    now: datetime

    def pull(self, prefer: Side | None = None, **decided: Side) -> ImportPlan:
        """Import the folder."""
        self.now += timedelta(hours=1)
        with transaction(self.database) as session:
            plan = plan_import(session, read_folder(self.folder), "git", prefer=prefer, decided=decided)
            apply_import(session, plan, self.now)
        return plan

    def push(self, folder: Path | None = None, prefer: Side | None = None) -> Exported:
        """Export into the folder."""
        with reading(self.database) as session:
            return export_folder(session, folder or self.folder, prefer=prefer)

    def edit_here(self, article: Article) -> None:
        """What publishing a draft leaves: a newer version, and the working state moved to it."""
        with transaction(self.database) as session:
            row = _row(session, article)
            session.add(new_version(row, article, split(article, 0), self.now))
            row.current = row.newest

    def archive_here(self, article: Article) -> None:
        with transaction(self.database) as session:
            _row(session, article).archived_at = self.now

    def edit_there(self, article: Article, place: str = "") -> None:
        (self.folder / (place or f"articles/en/{article.id}.md")).write_text(write_article(article), "utf-8")

    def titles(self) -> dict[str, str]:
        """What the KB calls its articles; archived ones are left out."""
        with reading(self.database) as session:
            found = session.exec(
                select(KbArticle, ArticleVersion)
                .where(KbArticle.id == ArticleVersion.kb_article_id, KbArticle.current == ArticleVersion.number)
                .where(KbArticle.archived_at == None)  # noqa: E711
            )
            return {row.article_id: article_from(row, version).title for row, version in found}

    def there(self, article: Article) -> str:
        return next(one.title for one in read_folder(self.folder).articles if one.id == article.id)


def _row(session: Session, article: Article) -> KbArticle:
    query = select(KbArticle).where(KbArticle.article_id == article.id, KbArticle.language == article.language)
    return session.exec(query).one()


def called(article: Article, title: str) -> Article:
    return replace(article, title=title)


@pytest.fixture
def house(database: Database, tmp_path: Path, now: datetime) -> House:
    house = House(database, tmp_path / "kb", now)
    (house.folder / "articles/en").mkdir(parents=True)
    house.edit_there(RESET)
    house.edit_there(LOCKED)
    house.pull()
    return house


def test_what_only_the_folder_changed_is_taken(house: House) -> None:
    house.edit_there(called(RESET, "There"))
    assert [article.id for article in house.pull().changed] == ["reset"]
    assert house.titles() == {"reset": "There", "locked": LOCKED.title}


def test_what_only_an_editor_changed_stays_and_is_named(house: House) -> None:
    house.edit_here(called(RESET, "Here"))
    house.archive_here(LOCKED)
    plan = house.pull()
    assert [str(named) for named in plan.ahead] == ["locked (en)", "reset (en)"]
    assert plan.is_empty
    assert house.titles() == {"reset": "Here"}


def test_what_both_changed_is_a_conflict_that_is_shown_and_left(house: House) -> None:
    house.edit_here(called(RESET, "Here"))
    house.edit_there(called(RESET, "There"))
    house.edit_there(called(LOCKED, "Newer"))
    plan = house.pull()
    assert [line for line in plan.lines() if line.startswith("conflict")] == ["conflict reset (en)  (changed in both)"]
    assert plan.summary().endswith("; conflicts: 1")
    assert house.titles() == {"reset": "Here", "locked": "Newer"}, "the others are taken"
    assert house.pull().undecided, "until somebody decides"


@pytest.mark.parametrize(("side", "title"), [(Side.OURS, "Here"), (Side.THEIRS, "There")])
def test_a_side_that_is_preferred_settles_a_conflict_for_good(house: House, side: Side, title: str) -> None:
    house.edit_here(called(RESET, "Here"))
    house.edit_there(called(RESET, "There"))
    assert house.pull(side).undecided == ()
    assert house.titles()["reset"] == title
    assert house.pull().undecided == ()
    assert house.titles()["reset"] == title


def test_conflicts_can_be_decided_one_by_one(house: House) -> None:
    for article in (RESET, LOCKED):
        house.edit_here(called(article, "Here"))
        house.edit_there(called(article, "There"))
    plan = house.pull(**{"reset (en)": Side.THEIRS})
    assert [str(one.named) for one in plan.undecided] == ["locked (en)"]
    assert house.titles() == {"reset": "There", "locked": "Here"}


def test_a_deletion_on_one_side_and_a_change_on_the_other_is_a_conflict(house: House) -> None:
    house.edit_here(called(RESET, "Here"))
    (house.folder / "articles/en/reset.md").unlink()
    house.archive_here(LOCKED)
    house.edit_there(called(LOCKED, "There"))
    shown = [line for line in house.pull().lines() if line.startswith("conflict")]
    assert shown == [
        "conflict locked (en)  (taken out here, changed there)",
        "conflict reset (en)  (changed here, deleted in the folder)",
    ]
    assert house.titles() == {"reset": "Here"}


def test_the_same_change_on_both_sides_is_none(house: House) -> None:
    house.edit_here(called(RESET, "Same"))
    house.edit_there(called(RESET, "Same"))
    assert house.pull().is_empty
    house.edit_there(called(RESET, "Newer"))
    assert house.pull().undecided == (), "both agreed on it meanwhile"
    assert house.titles()["reset"] == "Newer"


def test_what_was_exported_and_edited_there_comes_back_without_a_conflict(house: House) -> None:
    house.edit_here(called(RESET, "Here"))
    assert house.push().written == 1
    assert house.there(RESET) == "Here"
    house.edit_there(called(RESET, "Edited there"))
    plan = house.pull()
    assert (plan.undecided, [article.title for article in plan.changed]) == ((), ["Edited there"])


def test_an_export_elsewhere_does_not_make_an_old_folder_newer(house: House, tmp_path: Path) -> None:
    house.edit_here(called(RESET, "Here"))
    house.push(tmp_path / "elsewhere")
    assert house.pull().is_empty
    assert house.titles()["reset"] == "Here"


def test_a_rollback_is_not_undone_by_the_next_import(house: House) -> None:
    house.edit_there(called(RESET, "There"))
    house.pull()
    with transaction(house.database) as session:
        _row(session, RESET).current = 1
    assert house.pull().is_empty
    assert house.titles()["reset"] == RESET.title


def test_a_file_that_was_changed_there_alone_survives_an_export(house: House) -> None:
    house.edit_there(called(RESET, "There"))
    house.edit_here(called(LOCKED, "Here"))
    done = house.push()
    assert done.newer == ("articles/en/reset.md",)
    assert (house.there(RESET), house.there(LOCKED)) == ("There", "Here")
    assert house.push().newer == ("articles/en/reset.md",)
    house.pull()
    assert house.titles() == {"reset": "There", "locked": "Here"}
    assert house.push().newer == ()


def test_an_export_writes_over_nothing_that_both_changed(house: House) -> None:
    house.edit_there(called(RESET, "There"))
    house.edit_here(called(RESET, "Here"))
    house.edit_here(called(LOCKED, "Here"))
    with pytest.raises(ExportRefused, match=r"changed there and here .*articles/en/reset\.md"):
        house.push()
    assert (house.there(RESET), house.there(LOCKED)) == ("There", LOCKED.title), "nothing was written"
    house.push(prefer=Side.THEIRS)
    assert (house.there(RESET), house.there(LOCKED)) == ("There", "Here")
    house.push(prefer=Side.OURS)
    assert house.there(RESET) == "Here"


def test_documentation_is_exported_to_where_it_lies(house: House, tmp_path: Path) -> None:
    """A folder of somebody's own layout and style: only what was changed here is touched."""
    shutil.rmtree(house.folder)
    (house.folder / "guide").mkdir(parents=True)
    plain = "# Restore a backup\n\nStop the server,   then restore.\n\n\n## After that\n\n* start it\n"
    (house.folder / "guide/restore.md").write_text(plain)
    (house.folder / "guide/make.md").write_text("# Make a backup\n\nPress Save.\n")
    house.pull()
    make = next(one for one in read_folder(house.folder).articles if one.id == "make")
    house.edit_here(replace(make, body="# Make a backup\n\nPress Keep."))
    done = house.push()
    assert (done.written, done.unchanged) == (1, 1)
    assert (house.folder / "guide/restore.md").read_text() == plain
    assert "Press Keep." in (house.folder / "guide/make.md").read_text()
    assert not (house.folder / "articles").exists()
    assert house.pull().is_empty


def test_an_article_that_was_taken_out_here_goes_from_the_folder(house: House) -> None:
    house.archive_here(LOCKED)
    assert house.push().removed == 1
    assert not (house.folder / "articles/en/locked.md").exists()
    assert house.pull().is_empty


def rows(database: Database) -> dict[str, Any]:
    with reading(database) as session:
        return {
            "intents": {row.name: row.data.get("urgent") for row in session.exec(select(KbIntent))},
            "terms": sorted((row.data["term"], *row.data["also"]) for row in session.exec(select(GlossaryRow))),
            "gold": sorted((row.data["text"], *row.data["expect"]) for row in session.exec(select(GoldRow))),
            "sentences": {row.key: row.text for row in session.exec(select(KbSentence))},
        }


def change(database: Database, do: Callable[[Session], None]) -> None:
    with transaction(database) as session:
        do(session)


def test_intents_terms_sentences_and_gold_questions_keep_what_was_edited_here(house: House, tmp_path: Path) -> None:
    from kb_content.export import write_folder

    source = tmp_path / "whole"
    write_folder(source, [RESET], [INTENT], [GOLD], False, [TERM, SEAT], [THANKS])
    house.folder = source
    house.pull()

    def edit(session: Session) -> None:
        intent = session.exec(select(KbIntent)).one()
        intent.data = {**intent.data, "urgent": True}
        term = next(row for row in session.exec(select(GlossaryRow)) if row.data["term"] == "workspace")
        term.data = {**term.data, "also": ["our place"]}
        session.exec(select(KbSentence)).one().text = "You are welcome."
        gold = session.exec(select(GoldRow)).one()
        gold.data = {**gold.data, "expect": ["locked"]}

    change(house.database, edit)
    here = {
        "intents": {"access": True},
        "terms": [("seat", "licence"), ("workspace", "our place")],
        "gold": [("I forgot my password", "locked")],
        "sentences": {"thanks": "You are welcome."},
    }
    assert house.pull().is_empty
    assert rows(house.database) == here
    write_folder(
        source,
        [RESET],
        [replace(INTENT, urgent=False, team="two")],
        [replace(GOLD, expect=())],
        True,
        [replace(TERM, also=("their place",)), replace(SEAT, also=("license",))],
        [replace(THANKS, text="With pleasure.")],
    )
    (source / ".firstline-export.json").unlink()
    plan = house.pull()
    assert sorted(one.named.kind for one in plan.undecided) == ["gold", "intent", "sentence", "term"]
    assert rows(house.database) == here | {"terms": [("seat", "license"), ("workspace", "our place")]}
    house.pull(Side.THEIRS)
    assert rows(house.database)["sentences"] == {"thanks": "With pleasure."}
    assert house.pull().is_empty


def test_what_an_editor_wrote_here_is_no_duplicate_after_it_went_out_and_came_in(house: House) -> None:
    def write(session: Session) -> None:
        session.add(GlossaryRow(data={"term": "board", "also": ["table"], "language": "en"}, source="console"))
        session.add(GoldRow(data={"text": "How long?", "language": "en", "expect": ["locked"]}, source="answers"))

    change(house.database, write)
    house.push()
    house.pull()
    assert len(rows(house.database)["terms"]) == len(rows(house.database)["gold"]) == 1


def test_a_plan_is_not_carried_out_over_what_was_changed_meanwhile(house: House) -> None:
    house.edit_there(called(RESET, "There"))
    with reading(house.database) as session:
        plan = plan_import(session, read_folder(house.folder), "git")
    house.edit_here(called(RESET, "Here"))
    with pytest.raises(ImportOutdated, match=r"reset \(en\) was changed"), transaction(house.database) as session:
        apply_import(session, plan, house.now)
    assert house.titles()["reset"] == "Here"


def test_gold_questions_stay_in_the_file_that_a_team_keeps_them_in(house: House, tmp_path: Path) -> None:
    gold = house.folder / "gold"
    gold.mkdir(exist_ok=True)
    text = '{"text": "locked out", "language": "en", "expect": ["locked"]}\n'
    (gold / "sign-in.jsonl").write_text(text + text.replace("locked out", "no way in"), "utf-8")
    house.pull()
    house.push()
    assert sorted(file.name for file in gold.iterdir()) == ["sign-in.jsonl"]
    with transaction(house.database) as session:
        session.add(GoldRow(data={"text": "seen in the console", "language": "en", "expect": []}, source="console"))
    house.push()
    assert sorted(file.name for file in gold.iterdir()) == ["en.jsonl", "sign-in.jsonl"], "what is new is added"
    assert (gold / "sign-in.jsonl").read_text("utf-8").startswith(text), "and what was there is not touched"


def test_an_intent_that_came_from_another_source_is_adopted_and_not_called_changed(house: House) -> None:
    with transaction(house.database) as session:
        plan = plan_import(session, Folder(intents=(INTENT,)), "sample")
        apply_import(session, plan, house.now)
    (house.folder / "intents").mkdir(exist_ok=True)
    (house.folder / "intents" / "access.yml").write_text(write_intent(INTENT), "utf-8")
    plan = house.pull()
    assert plan.counts()["intents_changed"] == 0
    assert any(line.startswith("adopt    intent access") for line in plan.lines())
    with reading(house.database) as session:
        assert session.exec(select(KbIntent.source)).all() == ["git"]
