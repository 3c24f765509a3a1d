"""Mail is taken, surely not taken, or in doubt; and what a mail looks like to whoever gets it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from mail_house import NAME, PASSWORD, MailHouse, mail_house

from bot.channels.base import About, DeliveryError, Later, Link, Outgoing, OutgoingFile, Uncertain, Unreadable
from bot.channels.email.channel import EmailChannel
from bot.channels.email.check import check_email
from bot.channels.email.connection import EmailConnection
from bot.channels.email.letter import words
from bot.channels.email.server import parse_smtp_url
from store.files import place

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ABOUT = About(12, "I cannot get in", "en", "web")


@pytest.fixture(scope="module")
def a_server() -> Iterator[MailHouse]:
    with mail_house() as house:
        yield house


@pytest.fixture
def server(a_server: MailHouse) -> MailHouse:
    a_server.mails, a_server.people, a_server.senders = [], [], []
    a_server.refuses, a_server.refuses_sender, a_server.hangs_up = "", "", False
    return a_server


def channel_at(url: str, folder: Path = Path("none")) -> EmailChannel:
    return EmailChannel(parse_smtp_url(url), "https://help.example.com", folder, now=lambda: NOW)


def outgoing(text: str = "Try it again, please.", thread: str = "ada@example.com", **more: Any) -> Outgoing:
    return Outgoing(7, 5, thread, text, **{"about": ABOUT, "author": "Bob", "made_at": NOW, **more})


def test_a_reply_says_what_it_is_about_who_writes_and_where_to_go_on(server: MailHouse) -> None:
    (mail_id,) = channel_at(server.url).send(outgoing())
    (mail,) = server.mails
    assert (server.people, server.senders) == (["ada@example.com"], ["support@example.com"])
    assert mail["Subject"] == "[#12] I cannot get in"
    assert mail["To"] == "ada@example.com"
    assert mail["Message-ID"] == mail_id
    assert server.text().startswith("Bob from our support team writes:\r\n\r\nTry it again, please.")
    assert "https://help.example.com" in server.text()


def test_machines_that_answer_by_themselves_are_told_not_to(server: MailHouse) -> None:
    channel_at(server.url).send(outgoing())
    assert server.mails[0]["Auto-Submitted"] == "auto-generated"


def test_all_mails_of_a_ticket_are_one_thread_in_the_mail_program(server: MailHouse) -> None:
    channel = channel_at(server.url)
    channel.send(outgoing())
    channel.send(outgoing("Did it work?"))
    assert server.mails[0]["References"] == server.mails[1]["References"] is not None


def test_a_chinese_customer_reads_chinese_around_the_words(server: MailHouse) -> None:
    channel_at(server.url).send(outgoing("请再试一次。", about=About(12, "忘记密码了", "zh", "slack")))
    assert server.mails[0]["Subject"] == "[#12] 忘记密码了"
    assert "请再试一次。" in server.text()
    assert "Slack" in server.text()
    assert "直接回复这封邮件不会被看到" in server.text()


def test_lines_that_begin_with_a_dot_and_long_ones_arrive_as_they_were_written(server: MailHouse) -> None:
    text = "\n".join([".", "..hidden", ".ssh/config is the file", "x" * 3000, "from here", "end"])
    channel_at(server.url).send(outgoing(text))
    assert text in server.text().replace("\r\n", "\n")


def test_sources_and_files_come_with_it(server: MailHouse, tmp_path: Path) -> None:
    sha256 = "ab" * 32
    stored = place(tmp_path, sha256)
    stored.parent.mkdir(parents=True)
    stored.write_bytes(b"%PDF what they need")
    files = (
        OutgoingFile("说明.pdf", "application/pdf", 19, sha256),
        OutgoingFile("film.mp4", "video/mp4", 10**9, "cd" * 32),
    )
    links = (Link("Reset a password", "https://help.example.com/kb/en/reset-password"),)
    channel_at(server.url, tmp_path).send(outgoing(files=files, links=links))
    (attached,) = server.mails[0].iter_attachments()
    assert attached.get_filename() == "说明.pdf"
    assert attached.get_content() == b"%PDF what they need"
    assert "Too large for a mail, but in the chat: film.mp4" in server.text()
    assert "Reset a password: https://help.example.com/kb/en/reset-password" in server.text()


def test_a_notice_for_the_staff_has_its_first_line_as_subject(server: MailHouse) -> None:
    text = "#12 P1: the first answer is due by 14:30 today (UTC)\n\nada: I cannot get in"
    channel_at(server.url).send(
        outgoing(text, "staff:bob@example.com", about=About(12, "x", "en", "web", is_for_staff=True))
    )
    assert server.people == ["bob@example.com"]
    assert server.mails[0]["Subject"] == "#12 P1: the first answer is due by 14:30 today (UTC)"


def test_a_subject_cannot_bring_headers_of_its_own(server: MailHouse) -> None:
    about = About(12, "hello\r\nBcc: eve@example.com", "en", "web")
    channel_at(server.url).send(outgoing(about=about))
    assert server.mails[0]["Bcc"] is None
    assert server.people == ["ada@example.com"]


def test_who_is_not_known_there_is_unreachable_for_good(server: MailHouse) -> None:
    server.refuses = "550 5.1.1 no such user"
    with pytest.raises(DeliveryError, match=r"refused ada@example\.com: 550 5\.1\.1 no such user") as refused:
        channel_at(server.url).send(outgoing())
    assert refused.value.permanent
    assert refused.value.is_unreachable


def test_a_refusal_for_now_is_tried_again_in_minutes(server: MailHouse) -> None:
    server.refuses = "451 4.7.1 greylisted, come back later"
    with pytest.raises(DeliveryError) as refused:
        channel_at(server.url).send(outgoing())
    assert not refused.value.permanent
    assert refused.value.not_before == NOW + timedelta(minutes=5)


def test_a_server_that_falls_silent_after_the_mail_leaves_a_doubt(server: MailHouse) -> None:
    server.hangs_up = True
    with pytest.raises(Uncertain, match="did not say whether it took the mail"):
        channel_at(server.url).send(outgoing())
    assert len(server.mails) == 1, "it may well have arrived"


def test_a_server_that_is_away_costs_no_attempt_and_is_named_as_trouble(server: MailHouse) -> None:
    channel = channel_at("smtp://127.0.0.1:1")
    with pytest.raises(Later, match=r"127\.0\.0\.1:1 cannot be reached"):
        channel.send(outgoing())
    assert "mail waits" in channel.mailer.trouble


def test_a_sender_who_may_not_send_is_a_mistake_of_the_settings_and_mail_waits(server: MailHouse) -> None:
    server.refuses_sender = "553 5.7.1 sender not owned"
    channel = channel_at(server.url)
    with pytest.raises(Later):
        channel.send(outgoing())
    assert channel.mailer.trouble == "The mail server refuses mail from support@example.com: 553 5.7.1 sender not owned"


def test_trouble_that_is_over_is_forgotten(server: MailHouse) -> None:
    channel = channel_at(server.url)
    channel.mailer.trouble = "it was away"
    channel.send(outgoing())
    assert channel.mailer.trouble == ""


@pytest.mark.parametrize("thread", ["nobody", "two@at@signs", "a b@example.com", "x@\n", "@example.com", "staff:"])
def test_what_is_no_address_is_never_tried(server: MailHouse, thread: str) -> None:
    with pytest.raises(DeliveryError, match="no e-mail address") as refused:
        channel_at(server.url).send(outgoing(thread=thread))
    assert refused.value.permanent
    assert not server.mails


def test_an_address_in_other_letters_is_written_as_the_network_wants_it(server: MailHouse) -> None:
    channel_at(server.url).send(outgoing(thread="ada@bücher.example"))
    assert server.people == ["ada@xn--bcher-kva.example"]


def test_a_server_with_a_password_lets_the_right_one_in_and_names_the_wrong_one() -> None:
    with mail_house(asks_for_password=True) as house:
        url = "smtp://{}:{}@127.0.0.1:" + f"{house.port}?from=support@example.com"
        assert channel_at(url.format(quote(NAME), quote(PASSWORD))).send(outgoing())
        with pytest.raises(Later, match="refuses the name or password"):
            channel_at(url.format(quote(NAME), "wrong")).send(outgoing())
        (finding,) = check_email(url.format(quote(NAME), "wrong"))
        assert not finding.ok
        assert "wrong" not in finding.text
    assert len(house.mails) == 1


def test_no_tls_where_tls_is_asked_for_means_no_mail(server: MailHouse) -> None:
    channel = channel_at(f"smtp://127.0.0.1:{server.port}?starttls")
    with pytest.raises(Later, match="TLS"):
        channel.send(outgoing())
    assert not server.mails


def test_the_check_says_who_mail_is_from(server: MailHouse) -> None:
    findings = check_email(server.url)
    assert all(finding.ok for finding in findings)
    assert "takes mail from support@example.com" in findings[0].text


def test_the_settings_line_is_read() -> None:
    server = parse_smtp_url("smtp://me%40example.com:p%3Aw@mail.example.com?starttls&from=Support <help@example.com>")
    assert (server.host, server.port, server.user, server.password) == (
        "mail.example.com",
        587,
        "me@example.com",
        "p:w",
    )
    assert (server.starts_tls, server.is_tls) == (True, False)
    assert str(server.sender) == "Support <help@example.com>"
    assert "p:w" not in repr(server)
    tls = parse_smtp_url("smtps://mail.example.com")
    assert (tls.port, tls.is_tls, tls.sender.addr_spec) == (465, True, "postmaster@mail.example.com")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example.com",
        "http://mail.example.com",
        "smtp://",
        "smtp://mail.example.com:port",
        "smtp://mail.example.com?from=nobody",
        "smtp://mail.example.com?form=a@example.com",
        "smtp://me:s3cret@mail.example.com",
    ],
)
def test_a_setting_that_cannot_work_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        parse_smtp_url(url)
    assert "s3cret" not in str(refused.value)
    assert "smtps://" in str(refused.value)


def test_nothing_comes_by_mail(server: MailHouse) -> None:
    with pytest.raises(Unreadable):
        channel_at(server.url).parse({"from": "ada@example.com"})


def test_a_mail_server_that_is_away_keeps_nothing_from_being_ready(tmp_path: Path) -> None:
    connection = EmailConnection("smtp://127.0.0.1:1", tmp_path, address="http://x")
    connection.channel.mailer.look()
    assert connection.state.status.value == "connected"
    assert "cannot be reached" in connection.state.reason


def test_every_word_around_a_mail_exists_in_every_language_with_the_same_blanks() -> None:
    english, chinese = words()["en"], words()["zh"]
    assert english.keys() == chinese.keys()
    for key, sentence in english.items():
        assert sorted(re.findall(r"{\w+}", sentence)) == sorted(re.findall(r"{\w+}", chinese[key])), key
