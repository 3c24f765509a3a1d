"""A knowledge base with editors in it, for tests of drafts: what they write and what goes live."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlmodel import select

from kb_content.articles import Article, Contents, GoldQuestion, Intent, Sentence, Term
from kb_content.catalogue import apply_import, contents, plan_import, publish, start_release
from kb_content.folder import Folder
from kb_content.models import KbArticle
from kb_content.studio.drafts import begin, draft_of, get, save
from kb_content.studio.models import Draft, DraftKind
from store import Database, reading, transaction

ADA, BEN = 1, 2
BODY = "Open the settings page and press Save.\n\n## On the phone\n\nOpen the app and tap the gear at the top right."
RESET = Article("reset", "en", "Reset a password", BODY, ("forgot it",), "access", "account", ("login",))
RESET_ZH = Article("reset", "zh", "重置密码", "打开设置页面，找到名为保存更改的按钮，然后点击它。")
LOCKED = Article("locked", "en", "Unlock an account", "Ask an admin of your workspace to unlock your account for you.")
ACCESS = Intent("access", examples={"en": ("cannot get in",), "zh": ("登不上",)})
WORKSPACE = Term("workspace", ("team space",), "en")
GOLD = (GoldQuestion("forgot", "en", ("reset",)), GoldQuestion("shut out", "en", ("locked",)))
KB = Folder(articles=(LOCKED, RESET, RESET_ZH), intents=(ACCESS,), gold=GOLD, glossary=(WORKSPACE,))


class Writers:
    """Editors at work on a KB that is live."""

    def __init__(self, database: Database, now: datetime) -> None:
        self.database = database
        self.now = now

    def bring(self, folder: Folder, source: str = "mine", at: datetime | None = None) -> None:
        """Import ``folder``; what is live stays."""
        with transaction(self.database) as session:
            apply_import(session, plan_import(session, folder, source), at or self.now, "import")

    def publish(self, drafts: Collection[int] = (), at: datetime | None = None) -> int:
        release_id = self.start(drafts, at)
        self.go_live(release_id, at)
        return release_id

    def start(self, drafts: Collection[int] = (), at: datetime | None = None) -> int:
        with transaction(self.database) as session:
            return start_release(session, at or self.now, drafts=drafts)

    def go_live(self, release_id: int, at: datetime | None = None) -> None:
        with transaction(self.database) as session:
            publish(session, release_id, b"fit", 0.5, {}, at or self.now)

    def write(self, of: Article | str, language: str = "en", by: int = ADA, **changed: Any) -> Draft:
        """A draft of the article with some of its content changed."""
        name, language = (of.id, of.language) if isinstance(of, Article) else (of, language)
        with transaction(self.database) as session:
            draft = begin(session, DraftKind.ARTICLE, name, language, by, self.now)
            return save(session, draft.id or 0, draft.revision, {**draft.content, **changed}, by, self.now)

    def begin(self, kind: DraftKind, name: str, language: str = "", content: Mapping[str, Any] | None = None) -> Draft:
        with transaction(self.database) as session:
            return begin(session, kind, name, language, ADA, self.now, content=content)

    def do(self, deed: Callable[..., Any], *given: Any, **named: Any) -> Any:
        with transaction(self.database) as session:
            return deed(session, *given, **named)

    def live(self) -> Contents:
        with reading(self.database) as session:
            return contents(session)

    def live_article(self, article_id: str, language: str = "en") -> Article | None:
        found = [
            one.article
            for one in self.live().articles
            if (one.article.id, one.article.language) == (article_id, language)
        ]
        return found[0] if found else None

    def next_release(self) -> Contents:
        """What a release without drafts would hold: the working state."""
        release_id = self.start()
        with reading(self.database) as session:
            return contents(session, release_id)

    def draft(self, kind: DraftKind, name: str, language: str = "en") -> Draft | None:
        with reading(self.database) as session:
            return draft_of(session, kind, name, language)

    def again(self, draft: Draft) -> Draft:
        with reading(self.database) as session:
            return get(session, draft.id or 0)

    def row(self, article: Article) -> KbArticle:
        with reading(self.database) as session:
            query = select(KbArticle).where(KbArticle.article_id == article.id, KbArticle.language == article.language)
            return session.exec(query).one()


def changed(folder: Folder, **by_id: str) -> Folder:
    """``folder`` with other texts for the English articles of these ids."""
    return replace(
        folder,
        articles=tuple(
            replace(one, body=by_id[one.id]) if one.language == "en" and one.id in by_id else one
            for one in folder.articles
        ),
    )


__all__ = [
    "ACCESS",
    "ADA",
    "BEN",
    "BODY",
    "GOLD",
    "KB",
    "LOCKED",
    "RESET",
    "RESET_ZH",
    "WORKSPACE",
    "Sentence",
    "Writers",
    "changed",
]
