"""The worklist: what is found to do, how an item stays the same item, and what becomes of its draft."""

from __future__ import annotations

from collections.abc import Set
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from answered import ARTICLES, Archive

from bot.learning.worklist import deeds
from bot.learning.worklist.ageing import out_of_range, stale, versions_in
from bot.learning.worklist.alike import Pair, clashes
from bot.learning.worklist.asked import Fate, Press, fate_of, tells_enough
from bot.learning.worklist.causes import proposed_cause
from bot.learning.worklist.clusters import Scale
from bot.learning.worklist.errors import RefusalUnexplained, WorkDecided
from bot.learning.worklist.findings import Finding, for_the_draft, is_kept_back
from bot.learning.worklist.judged import judged
from bot.learning.worklist.keeping import done, follow, keep, known_clusters
from bot.learning.worklist.looking import Look, see
from bot.learning.worklist.missing import synonyms, translations
from bot.learning.worklist.models import Cause, WorkItem, WorkKind, WorkState
from bot.learning.worklist.replies import Reply, best
from bot.learning.worklist.seen import Seen
from bot.learning.worklist.targets import questions_of
from bot.learning.worklist.unanswered import Space, unanswered
from handoff import desk
from handoff.models import Action
from kb_content import catalogue
from kb_content.articles import Article, Passage
from kb_content.models import Release
from kb_content.rollouts import roll_back
from kb_content.studio import drafts
from kb_content.studio.models import Draft
from retrieval.encoders import Encoders, load_encoders
from store import Database, reading, transaction

DARK = (
    "is there a dark mode",
    "how do I switch on dark mode",
    "can I get a dark mode",
    "dark mode please, my eyes hurt",
)
OTHERS = ("who won the match last night", "how long do I boil an egg", "the printer is out of paper again")
PASSAGES = [
    {"article": "other", "language": "en", "title": "Everything else", "score": 0.7},
    {"article": "invoices", "language": "en", "title": "Find an invoice", "score": 0.2},
]
LOST = {"decision": "escalate", "ground": "unsure", "confidence": 0.1, "passages": PASSAGES}
SURE = {"decision": "answer", "ground": "sure", "passages": PASSAGES[1:]}
NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture(scope="module")
def encoders() -> Encoders:
    return load_encoders(None, lambda sentence: None)


@pytest.fixture
def archive(sqlite_database: Database) -> Archive:
    return opened(sqlite_database)


@pytest.fixture
def on_both(database: Database) -> Archive:
    """The same on each database."""
    return opened(database)


def opened(database: Database) -> Archive:
    made = Archive(database)
    made.publish()
    made.later(minutes=1)
    return made


def seen(archive: Archive) -> Seen:
    with reading(archive.database) as session:
        return see(session, archive.now)


def clustered(archive: Archive, encoders: Encoders, known: dict[str, Set[int]] | None = None) -> list[Finding]:
    space = Space(encoders.encode_queries, lambda language: Scale(0.1 if language == "en" else 0.85, 0.0))
    return unanswered(seen(archive), space, known or {})


def kept(archive: Archive, found: list[Finding]) -> list[WorkItem]:
    """The items once these findings were written, by their ids."""
    from sqlmodel import col, select

    with transaction(archive.database) as session:
        keep(session, found, 100, 0.5, archive.now)
        return list(session.exec(select(WorkItem).order_by(col(WorkItem.id))))


def asks(archive: Archive, *questions: str, **reading: Any) -> list[int]:
    return [archive.asked(question, **(LOST | reading)) for question in questions]


def one_item(archive: Archive, encoders: Encoders) -> WorkItem:
    asks(archive, *DARK)
    (item,) = kept(archive, clustered(archive, encoders))
    return item


def go_live(archive: Archive, draft: Draft) -> None:
    archive.later(minutes=5)
    with transaction(archive.database) as session:
        release = catalogue.start_release(session, archive.now, drafts=(draft.id or 0,))
        catalogue.publish(session, release, None, 0.5, {}, archive.now)


def followed(archive: Archive, item: WorkItem) -> WorkItem:
    with transaction(archive.database) as session:
        follow(session, archive.now)
        return deeds.get(session, item.id or 0)


def begun(archive: Archive, item: WorkItem, target: str = "") -> Draft:
    with transaction(archive.database) as session:
        return deeds.begin_draft(session, item.id or 0, target, archive.bob, archive.now)


# What is found


@pytest.mark.parametrize(
    ("reading", "pressed", "fate"),
    [
        ({"decision": "answer", "ground": "sure", "passages": PASSAGES}, [], (Fate.ANSWERED, "other")),
        ({"decision": "answer", "ground": "chosen"}, [], (None, None)),
        ({"decision": "clarify", "ground": "offered"}, [], (Fate.OFFERED, None)),
        ({"decision": "clarify", "ground": "offered"}, [(Action.OPTION, "invoices")], (Fate.CHOSEN, "invoices")),
        ({"decision": "clarify", "ground": "offered"}, [(Action.NONE_OF_THESE, None)], (Fate.UNANSWERED, None)),
        ({"decision": "escalate", "ground": "unsure"}, [], (Fate.UNANSWERED, None)),
        ({"decision": "decline", "ground": "foreign"}, [], (Fate.UNANSWERED, None)),
        ({"decision": "escalate", "ground": "rule"}, [], (None, None)),
        ({"decision": "escalate", "ground": "topic_mode"}, [], (None, None)),
        ({"decision": "silence", "ground": "person"}, [], (None, None)),
    ],
)
def test_what_became_of_a_question(
    reading: dict[str, Any], pressed: list[tuple[Action, str | None]], fate: tuple[Fate | None, str | None]
) -> None:
    presses = [Press(action, "", argument, NOW) for action, argument in pressed]
    assert fate_of(reading, presses) == fate


@pytest.mark.parametrize(
    ("text", "enough"),
    [
        ("dark mode", True),
        ("help", False),
        ("有深色模式吗", True),
        ("在吗", False),
        ("… … … lost", False),
        ("??", False),
    ],
)
def test_a_question_must_say_what_it_is_about(text: str, enough: bool) -> None:
    assert tells_enough(text) is enough


def test_several_ways_of_asking_one_thing_are_one_item(on_both: Archive, encoders: Encoders) -> None:
    asks(on_both, *DARK, *OTHERS)
    asks(on_both, "how do I find an invoice", **SURE)
    (found,) = clustered(on_both, encoders)
    assert {one["text"] for one in found.detail["questions"]} == set(DARK)
    assert found.title in DARK
    assert (found.count, found.earlier) == (4, 0)
    assert found.detail["articles"][0]["article"] == "other"


def test_the_same_words_from_three_customers_are_an_item(archive: Archive, encoders: Encoders) -> None:
    asks(archive, *OTHERS, "Is there a dark mode?", "is there a dark mode", "IS THERE A DARK MODE")
    (found,) = clustered(archive, encoders)
    assert (found.count, len(found.detail["questions"])) == (3, 1)


def test_strangers_are_no_cluster(archive: Archive, encoders: Encoders) -> None:
    asks(archive, *OTHERS, "dark mode please")
    assert clustered(archive, encoders) == []


def test_what_was_asked_a_month_before_is_the_trend(archive: Archive, encoders: Encoders) -> None:
    asks(archive, *DARK[:3])
    archive.later(days=40)
    asks(archive, DARK[3])
    (found,) = clustered(archive, encoders)
    assert (found.count, found.earlier) == (1, 3)


def test_what_customers_wrote_is_masked(archive: Archive, encoders: Encoders) -> None:
    asks(archive, *(f"Hello Ben, {text}, mail me at ada{n}@example.com" for n, text in enumerate(DARK)))
    (found,) = clustered(archive, encoders)
    assert "@" not in str(found.values())
    assert "Ben" not in str(found.values())


def test_the_best_reply_solved_the_matter_and_says_what_others_say() -> None:
    replies = [
        Reply(1, 1, "Dark mode is under your picture, Appearance, Dark.", 1.0),
        Reply(2, 2, "Open Appearance under your picture and choose Dark.", 0.0),
        Reply(3, 3, "We have no idea what that means, sorry about that.", 1.0),
    ]
    chosen = best(replies)
    assert chosen is not None
    assert chosen.message_id == 1
    assert best([]) is None


def test_an_item_has_the_agents_reply_without_names(on_both: Archive, encoders: Encoders) -> None:
    first, *_ = asks(on_both, *DARK)
    number = on_both.escalated(first)
    with transaction(on_both.database) as session:
        desk.claim(session, number, on_both.bob, on_both.now)
        words = (
            "Hello! Open your picture, choose Appearance and then Dark. It holds for this browser.\n\nBest regards, Bob"
        )
        desk.reply(session, number, words, on_both.bob, on_both.now)
    (found,) = clustered(on_both, encoders)
    assert found.detail["reply"]["ticket"] == number
    assert "choose Appearance" in found.detail["reply"]["text"]
    assert "Bob" not in found.detail["reply"]["text"]


def test_two_dislikes_of_an_article_are_an_item_and_one_is_not(archive: Archive) -> None:
    archive.thumb(archive.answered(question="where is the invoice", article="invoices"), is_helpful=False)
    for question in ("reset it", "cannot get in"):
        archive.thumb(archive.answered(question=question), is_helpful=False)
    (found,) = judged(seen(archive))
    assert (found.kind, found.detail["article"], found.count) == (WorkKind.DISLIKED, "reset-password", 2)


def test_an_audited_wrong_answer_names_the_right_article(archive: Archive) -> None:
    archive.found(archive.answered(question="where is my bill"), is_right=False, article="invoices")
    (found,) = judged(seen(archive))
    assert (found.kind, found.detail["right"]) == (WorkKind.WRONG, "invoices")


def test_what_the_kb_has_nothing_about_is_unanswered_though_it_was_answered(
    archive: Archive, encoders: Encoders
) -> None:
    for question in DARK:
        archive.found(archive.answered(question=question, **SURE), is_right=False, article="")
    assert judged(seen(archive)) == []
    assert [found.count for found in clustered(archive, encoders)] == [4]


def test_an_article_is_stale_from_the_day_after_its_review(archive: Archive) -> None:
    day = archive.now.date()
    dated = [Article(f"a{days}", "en", "T", "Text.", review_by=str(day + timedelta(days))) for days in (-1, 0, 1)]
    archive.publish(tuple(dated))
    assert [found.detail["article"] for found in stale(seen(archive))] == ["a-1"]


def test_versions_are_read_where_they_are_named() -> None:
    told = "since v3.2 and version 4 it fails, also 2.10.1 版; not 5 minutes, 1.5 GB or 10.0.0.1:80"
    assert [str(version) for version in versions_in(told)] == ["3.2", "4", "2.10.1"]


def test_questions_about_other_versions_are_counted_for_the_article(archive: Archive) -> None:
    archive.publish((Article("invoices", "en", "Find an invoice", "Settings.", applies_to=">=3"),))
    asks(archive, "find an invoice in version 2.4", "invoice list in version 3.1", **SURE)
    (found,) = out_of_range(seen(archive))
    assert (found.count, found.detail["versions"]) == (1, ["2.4"])


def test_a_language_that_an_article_is_asked_for_in_is_found(archive: Archive) -> None:
    asks(archive, "¿dónde está mi factura?", "quiero ver la factura", **SURE, language="es")
    asks(archive, "我的发票在哪里", **SURE, language="zh")
    (found,) = translations(seen(archive))
    assert (found.detail["article"], found.language, found.detail["why"], found.count) == (
        "invoices",
        "es",
        "missing",
        2,
    )


def test_a_translation_of_an_older_text_is_found(archive: Archive) -> None:
    old = Article("reset-password", "zh", "重置密码", "点击忘记密码。", translated_from="00000000")
    archive.publish((ARTICLES[0], old))
    (found,) = translations(seen(archive))
    assert (found.detail["why"], found.language, found.detail["source"]) == ("outdated", "zh", "en")


def test_words_of_customers_that_the_right_article_lacks_are_found(archive: Archive) -> None:
    for question in ("where is my receipt", "download the receipt of May"):
        archive.found(archive.answered(question=question, article="other", **SURE), is_right=False, article="invoices")
    (found,) = synonyms(seen(archive))
    assert found.detail["article"] == "invoices"
    assert [one["word"] for one in found.detail["words"]] == ["receipt"]


def passage(article_id: str, text: str) -> Passage:
    return Passage(article_id, "en", 1, article_id, article_id, "Limits", text, 0)


@pytest.mark.parametrize(
    ("one", "other", "kinds"),
    [
        ("The link is valid for 60 minutes.", "The link is valid for 24 hours.", ["number"]),
        ("Guests can see the plan.", "Guests cannot see the plan.", ["negation"]),
        ("Choose **Export** to allow downloads.", "Choose **Export** to forbid downloads.", ["negation"]),
        ("The link is valid for 60 minutes.", "The link stays valid for 60 minutes.", []),
        ("The link is valid for 60 minutes.", "A file may have 20 MB.", []),
    ],
)
def test_passages_contradict_each_other_in_numbers_and_denials(one: str, other: str, kinds: list[str]) -> None:
    pair = Pair(passage("a", f"Read this first. {one}"), passage("b", f"{other} Then go on."), 0.95)
    assert [clash.kind for clash in clashes(pair, "en")] == kinds


@pytest.mark.parametrize(
    ("asked", "told", "has_article", "cause"),
    [
        (["error 500 on saving", "it crashes on save"], ["our engineers fixed the bug"], False, Cause.PRODUCT_DEFECT),
        (["access denied for my team"], ["an admin must enable the permission"], False, Cause.MISCONFIGURATION),
        (["is there a dark mode", "how do I get it dark"], [], False, Cause.MISSING_ARTICLE),
        (["why is the sum red", "what does red mean"], [], True, Cause.MISUNDERSTANDING),
        (["blue"], [], False, None),
    ],
)
def test_a_cause_is_proposed_by_what_was_said(
    asked: list[str], told: list[str], has_article: bool, cause: Cause | None
) -> None:
    assert proposed_cause(asked, told, "en", has_article=has_article) is cause


# Items


def test_the_same_matter_stays_the_same_item_as_questions_come_and_go(archive: Archive, encoders: Encoders) -> None:
    item = one_item(archive, encoders)
    archive.later(days=50)
    asks(archive, "is a dark mode there now?", "switch dark mode on", "where is dark mode")
    with reading(archive.database) as session:
        known = known_clusters(session)
    (again,) = kept(archive, clustered(archive, encoders, known))
    assert (again.id, again.key) == (item.id, item.key)
    assert again.count == 3


def test_an_item_that_will_not_be_done_stays_so_when_it_is_found_again(archive: Archive, encoders: Encoders) -> None:
    item = one_item(archive, encoders)
    with transaction(archive.database) as session:
        deeds.refuse(session, item.id or 0, "Not in this product.", archive.bob, archive.now)
    (again,) = kept(archive, clustered(archive, encoders, {item.key: set(item.detail["messages"])}))
    assert (again.state, again.reason) == (WorkState.WONT_DO, "Not in this product.")


def test_not_doing_it_needs_a_reason(archive: Archive, encoders: Encoders) -> None:
    item = one_item(archive, encoders)
    with pytest.raises(RefusalUnexplained), transaction(archive.database) as session:
        deeds.refuse(session, item.id or 0, "  ", archive.bob, archive.now)


def test_a_cause_that_an_editor_set_is_not_proposed_away(archive: Archive, encoders: Encoders) -> None:
    item = one_item(archive, encoders)
    with transaction(archive.database) as session:
        deeds.set_cause(session, item.id or 0, Cause.PRODUCT_DEFECT, archive.bob, archive.now)
    (again,) = kept(archive, clustered(archive, encoders, {item.key: set(item.detail["messages"])}))
    assert again.cause is Cause.PRODUCT_DEFECT


def test_a_draft_begins_with_the_question_half_of_the_others_and_the_best_reply(
    archive: Archive, encoders: Encoders
) -> None:
    first, *_ = asks(archive, *DARK, "dark mode for the app", "where is dark mode", "give me a dark mode")
    number = archive.escalated(first)
    with transaction(archive.database) as session:
        desk.claim(session, number, archive.bob, archive.now)
        desk.reply(session, number, "Open Appearance under your picture and choose Dark.", archive.bob, archive.now)
    (item,) = kept(archive, clustered(archive, encoders))
    draft = begun(archive, item)
    assert draft.origin == f"work:{item.id}"
    assert draft.content["body"] == "Open Appearance under your picture and choose Dark."
    assert draft.content["title"].casefold() == item.title.strip("?").casefold()
    assert draft.content["questions"]
    assert not [question for question in draft.content["questions"] if is_kept_back(question)]


def test_a_draft_never_gets_every_question() -> None:
    texts = [f"how do I do thing number {number}" for number in range(40)]
    given = for_the_draft(texts, 100)
    assert 8 < len(given) < 32
    assert for_the_draft(texts, 5) == given[:5]
    assert for_the_draft([next(text for text in texts if is_kept_back(text))], 5) != []


def test_a_draft_can_be_added_to_an_article_that_is_there(archive: Archive, encoders: Encoders) -> None:
    item = one_item(archive, encoders)
    draft = begun(archive, item, "en/other")
    assert (draft.name, draft.base) == ("other", 1)
    assert set(questions_of(item)) <= set(draft.content["questions"])
    assert draft.content["body"].startswith("It depends.")


def test_of_two_editors_one_begins_the_draft(on_both: Archive, encoders: Encoders) -> None:
    item = one_item(on_both, encoders)
    begun(on_both, item)
    with pytest.raises(WorkDecided):
        begun(on_both, item)


def test_an_item_is_published_when_its_draft_went_live(on_both: Archive, encoders: Encoders) -> None:
    item = one_item(on_both, encoders)
    draft = begun(on_both, item)
    assert followed(on_both, item).state is WorkState.DRAFTED
    go_live(on_both, draft)
    after = followed(on_both, item)
    assert after.state is WorkState.PUBLISHED
    assert after.effect["articles"] == [draft.name]


def test_an_item_is_open_again_when_its_draft_was_discarded(archive: Archive, encoders: Encoders) -> None:
    item = one_item(archive, encoders)
    draft = begun(archive, item)
    with transaction(archive.database) as session:
        drafts.discard(session, draft.id or 0, archive.bob.staff_id, archive.now, archive.bob.name)
    assert followed(archive, item).state is WorkState.OPEN


def test_an_item_is_open_again_when_what_was_published_is_rolled_back(archive: Archive, encoders: Encoders) -> None:
    item = one_item(archive, encoders)
    with transaction(archive.database) as session:
        before = catalogue.live_release_id(session) or 0
        session.get_one(Release, before).parameters = b"fitted"
    go_live(archive, begun(archive, item))
    assert followed(archive, item).state is WorkState.PUBLISHED
    with transaction(archive.database) as session:
        roll_back(session, before, archive.bob.staff_id, archive.now)
    assert followed(archive, item).state is WorkState.OPEN
    assert [found.count for found in clustered(archive, encoders)] == [4]


def test_what_was_asked_before_the_publication_is_no_item_again_but_what_comes_after_is(
    archive: Archive, encoders: Encoders
) -> None:
    item = one_item(archive, encoders)
    go_live(archive, begun(archive, item))
    followed(archive, item)
    assert clustered(archive, encoders) == []
    archive.later(days=1)
    asks(archive, *DARK[:3])
    assert [found.count for found in clustered(archive, encoders)] == [3]


def test_an_article_that_is_disliked_again_after_its_draft_went_live_is_open_again(archive: Archive) -> None:
    def disliked() -> list[Finding]:
        for question in ("reset it", "cannot get in"):
            archive.thumb(archive.answered(question=question), is_helpful=False)
        return judged(seen(archive))

    (item,) = kept(archive, disliked())
    with transaction(archive.database) as session:
        draft = deeds.begin_draft(session, item.id or 0, "", archive.bob, archive.now)
        content = {**draft.content, "body": "Press Forgot. Look into your spam folder."}
        draft = drafts.save(session, draft.id or 0, draft.revision, content, archive.bob.staff_id, archive.now)
    go_live(archive, draft)
    followed(archive, item)
    with reading(archive.database) as session:
        assert (WorkKind.DISLIKED, item.key) in done(session)
    assert judged(seen(archive)) == []
    archive.later(days=1)
    (again,) = kept(archive, disliked())
    assert (again.id, again.state, again.count) == (item.id, WorkState.OPEN, 2)


def test_a_look_survives_the_way_from_a_child_process(archive: Archive, encoders: Encoders) -> None:
    import json

    asks(archive, *DARK)
    look = Look(clustered(archive, encoders), 4, 0.5, {"stale:a": {"all": {"asked": 1}}})
    assert Look.of(json.loads(json.dumps(look.values()))) == look
