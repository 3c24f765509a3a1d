"""A knowledge base of a few articles whose releases are made without building each: all of their texts are encoded
once, and all share one fit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from kb_content import catalogue, rollouts
from kb_content.agreement import Side
from kb_content.articles import Article, Contents, PublishedArticle
from kb_content.folder import Folder
from kb_content.passages import split
from kb_content.releases import keep_fit
from retrieval.vectors import VectorCache, save_vectors
from store import Database, transaction

PASSWORD, INVOICE, EXPORT = "I forgot my password", "where do I find my invoices", "download my report as pdf"
RESET = Article(
    "reset-password",
    "en",
    "Reset a forgotten password",
    "Choose Forgot password on the sign-in page. The link in the e-mail is valid for 60 minutes.",
    (PASSWORD, "the reset link never came", "how do I set a new password"),
)
SHORTER = replace(RESET, body=RESET.body.replace("60 minutes", "15 minutes"))
PAYING = Article(
    "pay-invoice",
    "en",
    "Pay an invoice",
    "Invoices are under Settings, Billing. Pay by card at once or by bank transfer within 30 days.",
    (INVOICE, "pay our bill by bank transfer", "change the credit card you charge"),
)
EXPORTING = Article(
    "export-report",
    "en",
    "Export a report",
    "Open the report and choose Export. Large files come by e-mail.",
    (EXPORT, "save the figures to a spreadsheet", "where is the export button"),
)
ALL = (RESET, PAYING, EXPORTING)
CHANGED = (SHORTER, PAYING, EXPORTING)
WITHOUT = (PAYING, EXPORTING)


@cache
def _fit() -> tuple[VectorCache, bytes]:
    """The vectors of every text above, and parameters that serve each of the three."""
    from retrieval.build import build
    from retrieval.encoders import load_encoders

    encoders = load_encoders(None, lambda sentence: None)
    one, other = (
        build(Contents(tuple(PublishedArticle(each, 1, split(each, 1)) for each in articles)), encoders, {})
        for articles in (ALL, CHANGED)
    )
    return {**one.vectors, **other.vectors}, one.parameters


@dataclass
class Shelves:
    """Puts releases of these articles into ``database``."""

    database: Database
    now: datetime

    def built(self, articles: tuple[Article, ...], *, is_readable: bool = True) -> int:
        """A release of these that has its fit and is not live yet; returns its id."""
        vectors, parameters = _fit()
        with transaction(self.database) as session:
            folder = Folder(articles=articles)
            plan = catalogue.plan_import(session, folder, "tests", prefer=Side.THEIRS)
            catalogue.apply_import(session, plan, self.now)
            save_vectors(session, vectors)
            release_id = catalogue.start_release(session, self.now)
            keep_fit(session, release_id, parameters if is_readable else b"?", 0.5, {"target": 0.95})
        return release_id

    def live(self, articles: tuple[Article, ...], *, is_readable: bool = True) -> int:
        from kb_content.releases import go_live

        release_id = self.built(articles, is_readable=is_readable)
        with transaction(self.database) as session:
            go_live(session, release_id, self.now)
        return release_id

    def staged(self, articles: tuple[Article, ...], percent: int = 50, accounts: tuple[int, ...] = ()) -> int:
        release_id = self.built(articles)
        with transaction(self.database) as session:
            rollouts.stage(session, release_id, percent, accounts, 1, self.now)
        return release_id
