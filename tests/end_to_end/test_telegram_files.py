"""Files on Telegram, both ways, and what customers change in what they sent."""

from __future__ import annotations

from end_to_end.chat_house import AGENT, COLLEAGUE, QUESTION, House, asks_for_a_person, heard, number_in
from standins.telegram import TelegramWorld
from standins.telegram.model import MB
from standins.telegram.samples import OGG, PNG

pytest_plugins = ["end_to_end.chat_fixtures"]


def test_what_a_customer_sends_is_kept_and_can_be_downloaded_by_agents(house: House, telegram: TelegramWorld) -> None:
    ada = telegram.person("Ada")
    number = asks_for_a_person(ada)
    ada.sends_photo(PNG, caption="this is what I see")
    ada.sends_document(b"a,b\n1,2\n", "figures & more.csv", "text/csv")
    ada.sends_voice(OGG)
    house.when(lambda: len(house.files_on_page(number)) == 3, "three files")
    names, contents = zip(*house.files_on_page(number), strict=True)
    assert contents == (PNG, b"a,b\n1,2\n", OGG)
    assert names[1] == "figures & more.csv"
    assert "this is what I see" in house.texts(number)


def test_a_file_without_words_is_kept_and_the_bot_says_that_it_cannot_read_it(
    house: House, telegram: TelegramWorld
) -> None:
    ada = telegram.person("Ada")
    ada.sends_photo(PNG)
    said = ada.private.next_from_bot()
    assert "I kept your file" in said.text
    ada.presses(said, "Talk to a person").wait()
    number = number_in(ada.private.next_from_bot().text)
    assert [content for _, content in house.files_on_page(number)] == [PNG]


def test_an_album_gets_one_reply(house: House, telegram: TelegramWorld) -> None:
    ada = telegram.person("Ada")
    pictures = [PNG, PNG + b"2", PNG + b"3"]
    ada.sends_album(pictures)
    number = asks_for_a_person(ada)
    assert len(ada.private.from_bot) == 2, "one for the pictures, one for the ticket"
    assert [content for _, content in house.files_on_page(number)] == pictures


def test_a_file_too_large_is_told_to_the_customer_and_to_the_agent(house: House, telegram: TelegramWorld) -> None:
    ada = telegram.person("Ada")
    number = asks_for_a_person(ada)
    ada.sends_document(b"x", "film.mov", "video/quicktime", size=21 * MB)
    told = heard(ada, "film.mov")
    assert "larger than 20 MB" in told.text
    house.shows(number, "film.mov")
    assert "larger than 20 MB" in house.words_on_page(number)


def test_an_agents_picture_and_file_arrive(house: House, telegram: TelegramWorld) -> None:
    ada = telegram.person("Ada")
    number = asks_for_a_person(ada)
    house.sends_file(number, "Press here:", "button.png", PNG, "image/png")
    words = heard(ada, "Press here:")
    assert words.bold == [f"{COLLEAGUE}:"]
    picture = ada.private.wait_for(lambda message: message.files)
    assert [(file.kind, file.data) for file in picture.files] == [("photo", PNG)]
    house.sends_file(number, "", "figures <1>.csv", b"a,b\n", "text/csv")
    sent = ada.private.wait_for(lambda message: message.files and message.files[0].kind == "document")
    assert [(file.name, file.data) for file in sent.files] == [("figures <1>.csv", b"a,b\n")]


def test_an_edit_shows_on_the_ticket_beside_what_was_said_first(house: House, telegram: TelegramWorld) -> None:
    ada = telegram.person("Ada")
    number = asks_for_a_person(ada)
    said = ada.says("Order 4711 is late")
    house.shows(number, "Order 4711 is late")
    ada.touches(said)
    ada.edits(said, "Order 4712 is late")
    house.shows(number, "Order 4712 is late")
    page = house.page(number)
    assert "<del>Order 4711 is late</del>" in page
    assert page.count("<del>") == 1, "a change that nobody sees is none"
    assert house.texts(number)[-1] == "Order 4712 is late"


def test_an_edited_question_is_not_answered_again(house: House, telegram: TelegramWorld) -> None:
    ada = telegram.person("Ada")
    said = ada.says(QUESTION)
    ada.private.next_from_bot()
    ada.edits(said, f"{QUESTION}!")
    number = asks_for_a_person(ada)
    assert house.texts(number)[0] == f"{QUESTION}!"
    assert len(ada.private.from_bot) == 2
    house.replies(number, "Here I am.")
    assert heard(ada, "Here I am.").text.startswith(AGENT)
