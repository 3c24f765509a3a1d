"""What customers use on Slack beside messages: the command, the form, the shortcut, the home tab; files and edits."""

from __future__ import annotations

from end_to_end.chat_house import ANSWER, COLLEAGUE, PERSON, QUESTION, House, asks_on_slack, number_in
from standins.slack.server import SlackWorld
from standins.slack.teams import Team
from standins.telegram.samples import PNG

pytest_plugins = ["end_to_end.chat_fixtures"]
NEW, CHANGED = "Order 4711 is late", "Order 4712 is late"


# -- the command, the form, the shortcut -----------------------------------------------------------------------------


def test_a_question_behind_the_command_is_answered_in_direct_messages(house: House, team: Team) -> None:
    ann = team.add_person("ann")
    room = team.add_channel("general", members=[ann], bot=False)
    command = ann.runs("/support", QUESTION, room)
    assert "direct messages" in command.answer["text"] if isinstance(command.answer, dict) else command.answer
    ann.dm.wait_for_bot(ANSWER)
    assert room.bot_messages == []


def test_the_command_alone_opens_a_form_whose_question_is_answered_in_direct_messages(house: House, team: Team) -> None:
    ann = team.add_person("ann")
    ann.runs("/support", "", ann.dm)
    form = ann.wait_for_modal("What can we help with?")
    refused = ann.submits(form, {"question": "  \n "})
    assert refused.errors == {"question": "Write in a sentence what you need."}
    sent = ann.submits(form, {"question": QUESTION})
    assert sent.errors == {}
    assert "Thank you" in ann.wait_for_modal("Thank you").words
    assert ann.dm.wait_for_bot(ANSWER).thread_ts is None
    assert len(ann.dm.bot_messages) == 1


def test_a_form_can_ask_for_a_person_at_once(house: House, team: Team) -> None:
    ann = team.add_person("ann")
    ann.runs("/support", "", ann.dm)
    ann.submits(ann.wait_for_modal(), {"question": "The invoice of May is wrong", "wants_person": ["yes"]})
    number = number_in(ann.dm.wait_for_bot("Your ticket is #").words)
    assert house.texts(number) == ["The invoice of May is wrong"]


def test_the_shortcut_asks_about_a_message_of_somebody_else(house: House, team: Team) -> None:
    ann, bob = team.add_person("ann"), team.add_person("bob")
    room = team.add_channel("general", members=[ann, bob], bot=False)
    said = bob.says("The gantt chart shows no arrows", room)
    ann.shortcut("ask_support", said)
    form = ann.wait_for_modal()
    quoted = next(block["element"]["initial_value"] for block in form.blocks if block["block_id"] == "question")
    assert quoted.startswith("> The gantt chart shows no arrows")
    ann.submits(form, {"question": f"{quoted}What does that mean?"})
    assert ann.dm.wait_for_bot("Gantt").buttons
    assert len(room.messages) == 1, "nobody else notices"


def test_the_command_shows_own_tickets_and_nobody_elses(house: House, team: Team) -> None:
    ann, eve = team.add_person("ann"), team.add_person("eve")
    _, number = asks_on_slack(ann)
    ann.runs("/support", f"status {number}", ann.dm)
    assert f"#{number} · with our team" in ann.dm.wait_for_bot("Your ticket:").words
    eve.runs("/support", f"status #{number}", eve.dm)
    eve.dm.wait_for_bot(f"You have no ticket #{number}")
    eve.runs("/support", "tickets", eve.dm)
    eve.dm.wait_for_bot("You have no tickets")


def test_the_home_tab_shows_own_tickets_and_is_drawn_anew_when_one_changes(house: House, team: Team) -> None:
    ann, eve = team.add_person("ann"), team.add_person("eve")
    _, number = asks_on_slack(ann)
    ann.opens_home()
    eve.opens_home()
    assert f"#{number}" in ann.wait_for_home("with our team").words
    assert "#" not in eve.wait_for_home("You have no tickets").words
    house.resolves(number)
    ann.wait_for_home("solved: is it for you, too?")
    ann.clicks(ann.wait_for_home(), "Ask a question")
    ann.wait_for_modal("What can we help with?")


# -- files and edits -------------------------------------------------------------------------------------------------


def test_what_a_customer_sends_is_kept_and_can_be_downloaded_by_agents(house: House, team: Team) -> None:
    ann = team.add_person("ann")
    asked, number = asks_on_slack(ann)
    files = [("screen.png", PNG, "image/png"), ("figures.csv", b"a,b\n1,2\n", "text/csv")]
    ann.says("this is what I see", ann.dm, thread_ts=asked.ts, files=files)
    house.shows(number, "this is what I see")
    assert house.files_on_page(number) == [(name, data) for name, data, _ in files]


def test_an_agents_file_arrives_in_the_thread(house: House, team: Team) -> None:
    ann = team.add_person("ann")
    asked, number = asks_on_slack(ann)
    house.sends_file(number, "Press here:", "button <1>.png", PNG, "image/png")
    words = ann.dm.wait_for_bot("Press here:")
    assert words.words.startswith(f"From {COLLEAGUE}")
    house.when(lambda: house.ticket(number)["messages"][-1]["delivery"] == "sent")
    sent = [(message.thread_ts, file.name) for message in ann.dm.messages for file in message.files]
    assert sent == [(asked.ts, "button <1>.png")]
    file = next(file for message in ann.dm.messages for file in message.files)
    assert file.data == PNG


def test_edits_and_deletions_show_on_the_ticket(house: House, slack: SlackWorld, team: Team) -> None:
    ann = team.add_person("ann")
    asked, number = asks_on_slack(ann)
    said = ann.says(NEW, ann.dm, thread_ts=asked.ts)
    house.shows(number, NEW)
    slack.unfurl(said)
    ann.edits(said, CHANGED)
    house.shows(number, CHANGED)
    page = house.page(number)
    assert f"<del>{NEW}</del>" in page
    assert page.count("<del>") == 1, "a preview is no edit"
    ann.deletes(said)
    house.shows(number, "deleted")
    assert house.texts(number) == [PERSON, CHANGED], "agents still read what was taken back"
