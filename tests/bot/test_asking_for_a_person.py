"""Whoever asks for a person gets one; whoever asks about the agents, people and hours of a product gets its article."""

from __future__ import annotations

import pytest
from small_kb import articles, contents_of
from talk import serving_of

from bot.decisions import Decision, Escalate
from bot.live import Serving
from bot.understanding import first_message
from handoff.models import Reason
from kb_content.articles import Article

AGENTS = Article(
    "agents",
    "en",
    "Agents",
    "An agent is a helper program with its own seat on a board. It takes cards, works on them and writes comments.\n\n"
    "## Add an agent to a board\n\n"
    "1. Open the board and choose Members, Add agent.\n"
    "2. Pick the agent from the list and say which columns it may work in.\n"
    "3. Choose Add. The agent appears among the members with a robot sign.\n\n"
    "## Stop an agent\n\n"
    "Choose Pause in the agent's profile. It finishes the step at hand and takes no more cards.\n\n"
    "## Hand a card from an agent to a person\n\n"
    "Assign the card to a human member, or write `@human` into a comment. The agent leaves the card.",
)
BOT = Article(
    "bot",
    "zh",
    "机器人",
    "机器人先回答常见问题。\n\n"
    "## 设置转人工的条件\n\n打开“机器人”“转接”，"
    "选择触发转人工的情况：访客输入关键词、连续两次没有答案，或者情绪不好。\n\n"
    "## 设置人工服务的时间\n\n在“机器人”“工作时间”里填写人工在线的时段。时段之外机器人会请访客留言。\n\n"
    "## 添加客服\n\n打开“管理”“坐席”，点击“添加”，输入客服的姓名和邮箱，选择技能组。",
)


@pytest.fixture(scope="module")
def serving() -> Serving:
    return serving_of(contents_of((*articles(), AGENTS, BOT)), None)


def _goes_to_a_person(decision: Decision) -> bool:
    return isinstance(decision, Escalate) and decision.reason is Reason.ASKED_FOR_HUMAN


@pytest.mark.parametrize(
    ("text", "article"),
    [
        ("add an agent to my board", "agents"),
        ("how do I stop the agent at once", "agents"),
        ("assign a card to an agent", "agents"),
        ("hand over from agent to human", "agents"),
        ("机器人什么时候转人工", "bot"),
        ("人工服务时间怎么设置", "bot"),
        ("怎么修改转人工的条件", "bot"),
    ],
)
def test_a_question_about_the_products_own_agents_is_no_request_for_a_person(
    serving: Serving, text: str, article: str
) -> None:
    understood, decision = first_message(serving.reader, serving.policy, text)
    assert not _goes_to_a_person(decision)
    assert understood.reading.hits[0].article_id == article


@pytest.mark.parametrize(
    "text",
    [
        "agent",
        "agent please",
        "talk to an agent",
        "transfer me to an agent",
        "get me an agent",
        "I need a human",
        "this bot is useless, give me a person",
        "人工",
        "转人工",
        "我要转人工",
        "请转接人工服务",
        "转人工转人工转人工",
        "不要机器人，要人工",
        "帮我接人工客服",
    ],
)
def test_a_request_for_a_person_is_one_whatever_the_articles_are_about(serving: Serving, text: str) -> None:
    assert _goes_to_a_person(first_message(serving.reader, serving.policy, text)[1])


@pytest.mark.parametrize(
    "text",
    [
        "I forgot my password, let me speak to a person",
        "connect me to an agent, the import of my file fails",
        "the agent deleted my cards, transfer me to a person please",
        "I have read all about agents, now get me a human being",
        "发票一直没收到，请转人工",
        "请转人工，发票一直没收到",
        "I want to talk to an agent about adding agents to a board",
        "I want to talk to a human about my invoice",
        "can I speak to someone about the import of my file?",
        "我要和真人谈谈导出报告的事",
    ],
)
def test_a_request_for_a_person_is_heard_beside_what_is_told(serving: Serving, text: str) -> None:
    assert _goes_to_a_person(first_message(serving.reader, serving.policy, text)[1])


@pytest.mark.parametrize("text", ["访客说要人工，机器人没有反应", "the agent is paused, how do I start it again"])
def test_what_is_told_of_agents_and_people_is_no_request(serving: Serving, text: str) -> None:
    assert not _goes_to_a_person(first_message(serving.reader, serving.policy, text)[1])
