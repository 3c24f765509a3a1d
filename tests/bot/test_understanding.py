"""What a message means and what follows, as a first message: the way of live messages, of ``ask`` and of the figures.

A knowledge base of nine articles, built for these claims alone.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from small_kb import articles, contents_of
from talk import serving_of

from bot.asking import ask
from bot.decisions import Answer, Clarify, Decline, Escalate, name_of
from bot.live import Serving
from bot.policy import Policy, Standing
from bot.understanding import decide_about, first_message, reading_by, understand
from handoff.models import Reason
from kb_content.articles import Article, Intent, LeadsTo, Mode

AGENT_SETTINGS = Article(
    "agent-settings",
    "en",
    "Agent settings",
    "The sync agent runs on your computer. Its settings are under Settings, Agent: interval, folder and proxy.",
    ("where is the agent setting", "change the interval of the sync agent", "agent configuration"),
)
COMPLAINT = Intent(
    "complaint",
    LeadsTo.ESCALATE,
    {"en": ("I want to make a complaint", "this is unacceptable, I complain", "a formal complaint about you")},
)
PERSON = Intent(
    "asks-for-human",
    LeadsTo.ESCALATE,
    {"en": ("agent please", "let me talk to a human", "connect me with a support agent", "I want a person")},
)


@pytest.fixture(scope="module")
def serving() -> Serving:
    return serving_of(contents_of((*articles(), AGENT_SETTINGS), (COMPLAINT, PERSON)))


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("how do I invite somebody? And where do I find my invoices?", "invite-people", "pay-invoice"),
        ("怎么添加同事？另外发票在哪里看？", "invite-people", "pay-invoice"),
    ],
)
def test_two_questions_are_both_answered_in_one_message(serving: Serving, text: str, first: str, second: str) -> None:
    _, decision = first_message(serving.reader, serving.policy, text)
    assert decision == Answer(first, (second,))
    answer = ask(serving, text)
    assert answer["decision"] == "answer"
    cited = [citation["article"] for citation in answer["citations"]]
    assert cited[0] == first
    assert set(cited) == {first, second}


def test_what_cannot_be_answered_of_two_questions_is_said_to_be_open(serving: Serving) -> None:
    text = "how do I invite somebody? Do you give discounts for charities?"
    _, decision = first_message(serving.reader, serving.policy, text)
    assert isinstance(decision, Answer)
    assert decision.article_id == "invite-people"
    assert decision.rest is not None
    assert decision.rest.question == "Do you give discounts for charities?"
    assert isinstance(decision.rest.decision, Clarify | Decline | Escalate)
    assert "About “Do you give discounts for charities?”" in ask(serving, text)["text"]


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        (
            "how do I verify the signature of a webhook? where do I see what I owe? can I export as pdf?",
            ("webhooks", "pay-invoice", "export-report"),
        ),
        ("How do I add people? And where do I see what I owe?", ("invite-people", "pay-invoice")),
        ("怎么加同事进来？另外发票在哪看？还有报表怎么导出？", ("invite-people", "pay-invoice", "export-report")),
    ],
)
def test_where_no_question_of_several_is_sure_each_has_its_article_among_the_choices(
    serving: Serving, text: str, offered: tuple[str, ...]
) -> None:
    careful = replace(serving.policy, threshold=0.999)
    _, decision = first_message(serving.reader, careful, text)
    assert isinstance(decision, Clarify)
    assert tuple(option.article_id for option in decision.options) == offered


@pytest.mark.parametrize(
    "text",
    [
        "I started here on Monday. how do I invite somebody?",
        "Can you help me? how do I invite somebody?",
        "how do I invite somebody? I am the owner of the workspace.",
        "我是管理员。怎么添加同事？",
    ],
)
def test_a_question_with_what_is_told_around_it_is_one(serving: Serving, text: str) -> None:
    understood, decision = first_message(serving.reader, serving.policy, text)
    assert not understood.parts
    assert decision == Answer("invite-people")


def test_an_article_about_agents_is_not_taken_for_a_call_for_one(serving: Serving) -> None:
    _, decision = first_message(serving.reader, serving.policy, "where is the agent setting")
    assert decision == Answer("agent-settings")
    _, decision = first_message(serving.reader, serving.policy, "agent please")
    assert isinstance(decision, Escalate)
    assert decision.reason is Reason.ASKED_FOR_HUMAN


def test_a_question_beside_a_matter_for_people_is_answered_and_the_matter_handed_over(serving: Serving) -> None:
    text = "how do I invite somebody? And where can I make a formal complaint about you?"
    _, decision = first_message(serving.reader, serving.policy, text)
    assert isinstance(decision, Answer)
    assert decision.article_id == "invite-people"
    assert decision.rest is not None
    assert isinstance(decision.rest.decision, Escalate)
    assert decision.rest.decision.reason is Reason.HUMAN_ONLY_TOPIC


@pytest.mark.parametrize(
    "text",
    ["how do I invite somebody?", "how do I invite somebody? And where do I find my invoices?", "hmm? what? why?"],
)
def test_no_message_is_read_more_than_three_times(serving: Serving, text: str) -> None:
    asked: list[str] = []
    read = reading_by(serving.reader, None)

    def counted(words: str):  # type: ignore[no-untyped-def]
        asked.append(words)
        return read(words)

    understand(counted, serving.policy, text)
    assert 1 <= len(asked) <= 3


def test_a_short_question_beside_another_goes_to_a_person_where_its_topic_does(serving: Serving) -> None:
    topics = {**serving.policy.topics, ("pay-invoice", "en"): "billing"}
    policy = replace(serving.policy, topics=topics, modes={"billing": Mode.SUGGEST})
    _, decision = first_message(serving.reader, policy, "how do I invite somebody? where are my invoices?")
    assert isinstance(decision, Answer)
    assert decision.article_id == "invite-people"
    assert decision.rest is not None
    assert decision.rest.decision == Escalate(Reason.LOW_CONFIDENCE, suggestion="pay-invoice")


def test_a_part_of_a_message_that_belongs_to_a_person_is_not_answered(serving: Serving) -> None:
    modes = {"general": Mode.SUGGEST}
    policy = Policy(0.6, serving.policy.intents, modes=modes, topics=serving.policy.topics)
    understood, decision = first_message(serving.reader, policy, "how do I invite somebody?")
    assert name_of(decision) == "escalate"
    assert isinstance(decision, Escalate)
    assert decision.suggestion == "invite-people"
    assert decide_about(Standing(), understood, serving.policy) == Answer("invite-people")
