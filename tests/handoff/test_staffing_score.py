"""Who should get a ticket, and which queue it belongs in: tables, and what holds for any team."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.staffing.routing import Desk, route, tier_topic
from handoff.staffing.scoring import Bar, Candidate, Contact, Need, Score, bar_of, best, score

BOB = Candidate(1)
ENGLISH, CHINESE = Need("en", frozenset({"billing"})), Need("zh-Hant", frozenset({"Billing"}))

LANGUAGES = st.lists(st.sampled_from(["en", "zh", "zh-Hant", "de", "EN-gb"]), max_size=3).map(tuple)
TOPICS = st.frozensets(st.sampled_from(["billing", "Billing", "outage", "exports"]), max_size=3)
NEEDS = st.builds(Need, st.sampled_from(["en", "zh", "zh-Hant", "de", "fr"]), TOPICS)
CANDIDATES = st.builds(
    Candidate,
    st.integers(1, 8),
    LANGUAGES,
    TOPICS.map(tuple),
    load=st.integers(0, 12),
    load_cap=st.integers(0, 10),
    contact=st.sampled_from(Contact),
    is_at_work=st.booleans(),
    is_away=st.booleans(),
)
TEAMS = st.lists(CANDIDATES, max_size=6, unique_by=lambda one: one.staff_id)


def chosen(people: list[Candidate], need: Need = ENGLISH, last: int | None = None) -> int | None:
    found = best([score(one, need) for one in people], last)
    return found.staff_id if found else None


@pytest.mark.parametrize(
    ("candidate", "need", "terms"),
    [
        (BOB, ENGLISH, {"language": 40, "skill": 0, "contact": 0, "load": 15}),
        (BOB, CHINESE, {"language": 0, "skill": 0, "contact": 0, "load": 15}),
        (replace(BOB, languages=("en", "zh")), CHINESE, {"language": 40, "skill": 0, "contact": 0, "load": 15}),
        (replace(BOB, languages=("en-GB",)), ENGLISH, {"language": 40, "skill": 0, "contact": 0, "load": 15}),
        (replace(BOB, skills=("BILLING",)), CHINESE, {"language": 0, "skill": 25, "contact": 0, "load": 15}),
        (replace(BOB, contact=Contact.LAST), CHINESE, {"language": 0, "skill": 0, "contact": 20, "load": 15}),
        (replace(BOB, contact=Contact.EARLIER), CHINESE, {"language": 0, "skill": 0, "contact": 10, "load": 15}),
        (replace(BOB, load=10), CHINESE, {"language": 0, "skill": 0, "contact": 0, "load": 8}),
        (replace(BOB, load=30), CHINESE, {"language": 0, "skill": 0, "contact": 0, "load": 0}),
        (replace(BOB, load_cap=0), CHINESE, {"language": 0, "skill": 0, "contact": 0, "load": 0}),
    ],
)
def test_each_term_says_one_thing(candidate: Candidate, need: Need, terms: dict[str, int]) -> None:
    found = score(candidate, need)
    assert (found.terms, found.total) == (terms, sum(terms.values()))


@pytest.mark.parametrize(
    ("candidate", "bar"),
    [
        (BOB, None),
        (replace(BOB, is_away=True, is_at_work=False, load=99), Bar.AWAY),
        (replace(BOB, is_at_work=False, load=99), Bar.OFF_SHIFT),
        (replace(BOB, load=19), None),
        (replace(BOB, load=20), Bar.FULL),
        (replace(BOB, load_cap=0), Bar.FULL),
    ],
)
def test_whoever_is_away_off_shift_or_full_gets_nothing(candidate: Candidate, bar: Bar | None) -> None:
    assert bar_of(candidate) is bar
    assert chosen([candidate]) == (None if bar else 1)


def test_the_language_weighs_more_than_knowing_the_customer_or_the_topic() -> None:
    speaks = replace(BOB, languages=("zh",), load=19)
    knows = Candidate(2, ("en",), ("billing",), contact=Contact.NONE)
    assert chosen([speaks, replace(knows, contact=Contact.LAST)], CHINESE) == 2
    assert chosen([speaks, knows], CHINESE) == 1


def test_whoever_had_the_customer_last_goes_before_whoever_had_them_once() -> None:
    once, last = Candidate(1, contact=Contact.EARLIER), Candidate(2, contact=Contact.LAST, load=9)
    assert chosen([once, last]) == 2


def test_equals_take_turns_and_begin_again() -> None:
    people = [Candidate(3), Candidate(5), Candidate(9)]
    turns: list[int | None] = [None]
    for _ in range(5):
        turns.append(chosen(people, last=turns[-1]))
    assert turns[1:] == [3, 5, 9, 3, 5]


def test_a_turn_goes_on_after_somebody_who_left() -> None:
    assert chosen([Candidate(3), Candidate(9)], last=5) == 9
    assert chosen([Candidate(3), Candidate(4)], last=5) == 3


@given(TEAMS, NEEDS, st.none() | st.integers(1, 8))
def test_the_chosen_one_is_able_and_nobody_able_has_more(people: list[Candidate], need: Need, last: int | None) -> None:
    scores = [score(one, need) for one in people]
    found = best(scores, last)
    able = [one for one in scores if one.bar is None]
    assert (found is None) == (not able)
    assert found is None or (found in able and found.total == max(one.total for one in able))


@given(TEAMS, NEEDS, st.none() | st.integers(1, 8), st.randoms(use_true_random=False))
def test_the_order_in_which_people_are_listed_changes_nothing(
    people: list[Candidate], need: Need, last: int | None, random: object
) -> None:
    shuffled = list(people)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert chosen(people, need, last) == chosen(shuffled, need, last)


@given(CANDIDATES, NEEDS)
def test_a_score_stays_within_its_terms(candidate: Candidate, need: Need) -> None:
    found = score(candidate, need)
    assert list(found.terms) == ["language", "skill", "contact", "load"]
    assert all(points >= 0 for points in found.terms.values())
    assert 0 <= found.total <= 100


@given(CANDIDATES, NEEDS)
def test_learning_never_lowers_a_score_and_work_never_raises_it(candidate: Candidate, need: Need) -> None:
    before = score(candidate, need).total
    learned = replace(candidate, languages=(*candidate.languages, need.language), contact=Contact.LAST)
    learned = replace(learned, skills=(*candidate.skills, *need.topics))
    assert score(learned, need).total >= before
    assert score(replace(candidate, load=candidate.load + 1), need).total <= before


@given(st.integers(1, 5), st.integers(1, 20))
def test_equals_end_up_with_as_much_as_each_other(people: int, tickets: int) -> None:
    loads, last = dict.fromkeys(range(1, people + 1), 0), None
    for _ in range(tickets):
        last = chosen([Candidate(one, load=load) for one, load in loads.items()], last=last)
        assert last is not None
        loads[last] += 1
    assert max(loads.values()) - min(loads.values()) <= 1


def test_nobody_is_chosen_of_nobody() -> None:
    assert best([]) is None
    assert best([Score(1, {}, Bar.FULL)]) is None


FRONT, BILLING = Desk("front line", is_default=True), Desk("Billing", frozenset({"refunds", "Invoices"}))
SPECIALISTS = Desk("specialists", frozenset({"tier-2"}))
TABLE = [
    (("refunds",), None, "Billing"),
    (("REFUNDS",), "front line", "Billing"),
    (("greeting", "invoices"), None, "Billing"),
    (("tier-2", "refunds"), None, "specialists"),
    (("exports",), "billing", "Billing"),
    (("exports",), "support", "front line"),
    ((), None, "front line"),
]


@pytest.mark.parametrize(("topics", "named", "team"), TABLE)
def test_a_ticket_goes_where_its_topic_its_name_or_nothing_leads(
    topics: tuple[str, ...], named: str | None, team: str
) -> None:
    assert route(topics, named, [BILLING, FRONT, SPECIALISTS]) == team


@given(st.lists(st.text(max_size=8)), st.none() | st.text(max_size=8), st.lists(st.text(min_size=1), unique=True))
def test_where_there_are_teams_every_ticket_has_one(topics: list[str], named: str | None, names: list[str]) -> None:
    teams = [Desk(name, is_default=number == 0) for number, name in enumerate(names)]
    assert (route(topics, named, teams) in names) == bool(names)


def test_a_house_without_teams_has_no_queue() -> None:
    assert route(("refunds",), "billing", []) is None
    assert tier_topic(3) == "tier-3"
