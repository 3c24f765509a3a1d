"""Make the demo's desk: knowledge, people, two weeks of talk."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from api.cli.parts import fit_of, house_of
from api.demo import cast as people
from api.demo.cast import Case, Person
from api.demo.matters import in_turn
from api.demo.scenes import Play, asks, brings, case_for, visitor
from api.demo.stage import NAME, Scene, Stage
from api.demo.work import Job, works_on
from api.settings import Settings, secret_key
from bot.desk import outcomes
from bot.learning.publish import Fit, ensure_knowledge
from bot.learning.worklist.refreshing import LookFailed, Refresher
from bot.live import Live
from bot.replies import closing_words
from handoff import desk
from handoff.customers import find_customer
from handoff.models import Source, Ticket
from handoff.rows import id_of
from handoff.sla.defaults import lay_out
from handoff.staffing.profiles import add_absence
from handoff.staffing.rota import add_rota
from handoff.surveys.settings import SurveySettings, change_settings
from handoff.ticketing.opening import Told, open_for
from kb_content.catalogue import sample_folder
from kb_content.folder import read_folder
from store import Database, reading, transaction
from store.models import Setting
from store.settings import keep

Report = Callable[[str], None]
QUESTIONS, TICKETS, MATTERS = 20, 4, 7
"""A day; on weekends a third. Matters: questions that the knowledge base has nothing about, see ``matters``."""
VISITORS = 0.6
"""The share of the questions that come from somebody in the web chat who was never there before."""
SEED = 20


def make(database: Database, settings: Settings, now: datetime, days: int, report: Report) -> None:
    """Fill an empty, migrated database with ``days`` days that end at ``now``."""
    report("Preparing the sample knowledge base…")
    ensure_knowledge(database, None, fit_of(settings), _first_morning(now, days), report)
    live = Live(replace(house_of(settings), secret=secret_key(settings)), report)
    live.refresh(database)
    perform(database, live, now, days, report)
    look(database, fit_of(settings), now, report)


def look(database: Database, fit: Fit, now: datetime, report: Report) -> None:
    """Make the editors' worklist, as every night does. A demo without it is one all the same."""
    report("Looking what there is to write…")
    try:
        Refresher(database, fit).once(now)
    except LookFailed as error:
        report(str(error) or LookFailed.__doc__ or "")


def perform(database: Database, live: Live, now: datetime, days: int, report: Report) -> None:
    """The days themselves, with knowledge that is live already."""
    begun = _first_morning(now, days)
    play = _opened(Stage(database, live, begun))
    _plan(play, begun, now)
    for day in range(days + 1):
        until = min(begun + timedelta(days=day + 1), now)
        play.stage.play(until)
        report(f"{until - timedelta(minutes=1):%A %d %B}: {_told(database)}")
    with transaction(database) as session:
        keep(session, NAME, {"at": now.isoformat()})


def is_made(database: Database) -> bool:
    """Whether this database is a demo's, and whole."""
    with reading(database) as session:
        return session.get(Setting, NAME) is not None


def _first_morning(now: datetime, days: int) -> datetime:
    return (now - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)


def _opened(stage: Stage) -> Play:
    """The desk on its first morning."""
    now = stage.now
    with transaction(stage.database) as session:
        lay_out(session, now)
        outcomes.begin(session, now)
        cast = people.hire(session, now)
        maya, wangwei = cast.agents["maya@loomplan.example"], cast.agents["wangwei@loomplan.example"]
        change_settings(session, SurveySettings(csat_after_hours=20), maya, now)
        away = now + timedelta(days=8, hours=9)
        add_absence(session, wangwei.staff_id or 0, away, away + timedelta(days=2), now, "Training", maya)
        for week in range(3):
            tomasz = cast.agents["tomasz@loomplan.example"].staff_id or 0
            begins = now + timedelta(days=7 * week)
            add_rota(session, tomasz, [(begins, begins + timedelta(days=7))], now, maya)
    return Play(stage, cast, random.Random(SEED))


def _plan(play: Play, begun: datetime, now: datetime) -> None:
    """Who comes when, and with what."""
    folder = read_folder(sample_folder())
    titles = {(one.id, one.language): one.title for one in folder.articles}
    asked = {
        code: [
            (one.text, tuple(titles[name, code] for name in one.expect if (name, code) in titles))
            for one in folder.gold
            if one.language == code
        ]
        for code in play.cast.words
    }
    unknown = in_turn(play.draw)
    for questions in asked.values():
        play.draw.shuffle(questions)
    left: list[Case] = []
    day = begun
    while day < now:
        share = 1.0 if day.weekday() < 5 else 1 / 3
        for _ in range(round(QUESTIONS * share)):
            who = visitor(play) if play.draw.random() < VISITORS else _somebody(play)
            if asked[who.language]:
                play.stage.begin(_moment(play, day), _asked(play, who, *asked[who.language].pop()))
        for matter, question in islice(unknown, round(MATTERS * share)):
            who = visitor(play, matter.language)
            play.stage.begin(_moment(play, day), _asked(play, who, question, (), matter.replies))
        for _ in range(round(TICKETS * share)):
            play.stage.begin(_moment(play, day), _brought(play, left))
        day += timedelta(days=1)
    for place, call in enumerate(play.cast.calls):
        play.stage.begin(begun + timedelta(days=3 + 4 * place, hours=10), _called(play, call))


def _asked(play: Play, who: Person, question: str, right: Sequence[str], replies: Sequence[str] | None = None) -> Scene:
    """A question for the bot; where that does not know, an agent takes it up. ``right``: titles that answer it."""
    before = play.ticket_of(who)
    yield from asks(play, who, question, right, wants_a_person=replies is not None)
    said = play.draw.choice(replies or play.cast.words[who.language]["answers"])
    case = Case(who.language, (), (said,), (), play.draw.choice(("solved", "silent")))
    _take_up(play, who, case, before)


def _take_up(play: Play, who: Person, case: Case, before: Ticket | None) -> None:
    ticket = play.ticket_of(who)
    if ticket is not None and (before is None or ticket.id != before.id):
        play.stage.begin(play.stage.now, works_on(Job(play, ticket.number, who, case)))


def _brought(play: Play, left: list[Case]) -> Scene:
    """Somebody brings a matter; once it is a ticket, an agent takes it up."""
    who = next((one for one in (_somebody(play) for _ in range(20)) if not play.is_busy(one)), None)
    if who is None:
        return
    before, case = play.ticket_of(who), case_for(play, who, left)
    yield from brings(play, who, case)
    _take_up(play, who, case, before)


def _called(play: Play, call: Mapping[str, str]) -> Scene:
    """An agent writes down what somebody said on the phone, and deals with it two days later."""
    who = play.draw.choice([one for one in play.cast.customers if one.language == "en" and one.account])
    told = Told(Source.PHONE, call["subject"], call["note"], category=call["category"])
    ines, greeting = play.cast.agents["ines@loomplan.example"], play.cast.words[who.language]["greeting"]
    with transaction(play.stage.database) as session:
        customer = find_customer(session, who.channel, who.external_id, play.stage.now)
        ticket = open_for(session, id_of(customer), None, told, ines, play.stage.now, lambda _: greeting)
    yield timedelta(days=2, hours=3)
    with transaction(play.stage.database) as session:
        desk.note(session, ticket.number, call["done"], ines, play.stage.now)
        closing = closing_words(who.language, ticket.number)
        desk.resolve(session, ticket.number, ines, play.stage.now, closing)


def _somebody(play: Play) -> Person:
    return play.draw.choice(play.cast.customers)


def _moment(play: Play, day: datetime) -> datetime:
    """Mostly while Europe works, some in the morning of China, a few at night."""
    hour = play.draw.choices((2, 6, 9, 11, 14, 16, 20), (2, 4, 7, 6, 7, 4, 1))[0]
    return day + timedelta(hours=hour, minutes=play.draw.uniform(0, 150))


def _told(database: Database) -> str:
    from sqlmodel import func, select

    from handoff.models import Conversation, Message, Ticket

    with reading(database) as session:
        numbers = [
            session.exec(select(func.count()).select_from(each)).one() for each in (Conversation, Message, Ticket)
        ]
    return "{} conversations, {} messages, {} tickets".format(*numbers)
