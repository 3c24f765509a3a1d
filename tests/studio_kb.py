"""A small knowledge base that is really built: five matters, each with questions, and gold questions about them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.learning.publish import Fit, publish_newest
from kb_content import catalogue
from kb_content.articles import Article, GoldQuestion
from kb_content.folder import Folder
from kb_content.studio import drafts
from kb_content.studio.models import DraftKind
from store import Database, transaction

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RESET = Article(
    "reset-password",
    "en",
    "Reset a forgotten password",
    "Press **Forgot password** on the sign-in page.\n\nThe link is valid for 60 minutes.\n",
    questions=("I forgot my password", "I cannot sign in any more", "how do I get a new password"),
)
ARTICLES = (
    RESET,
    Article(
        "invoices",
        "en",
        "Download an invoice",
        "Open **Settings**, then **Billing**. Every invoice is a PDF.\n",
        questions=("where are my invoices", "I need a bill for my accountant", "download a receipt"),
    ),
    Article(
        "export",
        "en",
        "Export your data as CSV",
        "Choose **Export** in the project's menu. The file holds all tasks.\n",
        questions=("how to get a CSV", "export all tasks", "save the project to a spreadsheet"),
    ),
    Article(
        "invite",
        "en",
        "Invite a colleague",
        "Open **Members** and enter the e-mail address. The invitation lasts seven days.\n",
        questions=("add somebody to my team", "how do I invite people", "new member of the workspace"),
    ),
    Article(
        "dark-mode",
        "en",
        "Switch to dark mode",
        "Open your profile and choose **Dark** under **Appearance**.\n",
        questions=("the screen is too bright", "is there a night theme", "black background"),
    ),
)
GOLD = (
    GoldQuestion("forgot the password of my account", "en", ("reset-password",)),
    GoldQuestion("I do not remember my password", "en", ("reset-password",)),
    GoldQuestion("where can I download my invoice", "en", ("invoices",)),
    GoldQuestion("export the tasks to CSV please", "en", ("export",)),
    GoldQuestion("how can I invite a new colleague", "en", ("invite",)),
    GoldQuestion("turn on the dark theme", "en", ("dark-mode",)),
    GoldQuestion("what is the weather in Paris", "en", ()),
)


def publish_small(database: Database) -> int:
    """Import and publish it with the built-in models, some seconds; the release's id."""
    with transaction(database) as session:
        plan = catalogue.plan_import(session, Folder(articles=ARTICLES, gold=GOLD), "tests")
        catalogue.apply_import(session, plan, NOW)
    return publish_newest(database, Fit(), "tests", NOW, lambda sentence: None)


def drafted(database: Database, name: str = "reset-password", staff_id: int = 1, **content: Any) -> int:
    """A draft of that article with these changes; its id."""
    with transaction(database) as session:
        begun = drafts.begin(session, DraftKind.ARTICLE, name, "en", staff_id, NOW)
        saved = drafts.save(session, begun.id or 0, begun.revision, {**begun.content, **content}, staff_id, NOW)
        return saved.id or 0


def dropped(database: Database, draft_id: int) -> None:
    """So that the next test begins anew."""
    with transaction(database) as session:
        drafts.discard(session, draft_id, 1, NOW)
