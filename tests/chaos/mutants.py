"""The claim and send code broken by hand, one way after the other, each with the test that notices.

Each fault is a piece of code and what stands there instead. ``make mutants`` puts them into a copy of the tree, one at
a time, and runs the test, which must fail.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
COPIED = ("api", "bot", "handoff", "retrieval", "kb_content", "store", "tests", "pyproject.toml")
_DELIVERIES = "tests/handoff/test_deliveries_model.py::test_whatever_happens_deliveries_are_where_the_rules_say[sqlite]"
_INBOX = "tests/bot/test_inbox_model.py::test_whatever_happens_inbox_rows_are_where_the_rules_say[sqlite]"
_KILLED = "tests/chaos/test_crash_points.py::test_killed"
_PEERS = "tests/bot/channels/slack/test_slack_peers.py::test"


@dataclass(frozen=True)
class Mutant:
    """``old``, which stands exactly once in ``file``, becomes ``new``; then ``test`` fails."""

    name: str
    file: str
    old: str
    new: str
    test: str

    def places(self, root: Path) -> int:
        return (root / self.file).read_text(encoding="utf-8").count(self.old)


MUTANTS = (
    Mutant(
        "a message does not wait for the one before it",
        "handoff/deliveries.py",
        "col(Delivery.not_before) <= now, ~is_behind.exists())",
        "col(Delivery.not_before) <= now)",
        _DELIVERIES,
    ),
    Mutant(
        "the order is that of when things are due, not of when they were said",
        "handoff/deliveries.py",
        "col(other.id) < col(Delivery.id), col(other.state)",
        "col(other.not_before) < col(Delivery.not_before), col(other.state)",
        _DELIVERIES,
    ),
    Mutant(
        "what is claimed is not marked as taken",
        "handoff/deliveries.py",
        "                state=DeliveryState.SENDING,\n",
        "",
        _DELIVERIES,
    ),
    Mutant(
        "the lease of a dead worker never ends",
        "handoff/holding.py",
        "if worker is not None else col(Delivery.lease_until) < now",
        'if worker is not None else col(Delivery.worker) == ""',
        _DELIVERIES,
    ),
    Mutant(
        "doubts are not counted",
        "handoff/marking.py",
        "    delivery.doubts += 1\n",
        "",
        _DELIVERIES,
    ),
    Mutant(
        "a worker that lost a delivery still says what became of it",
        "handoff/marking.py",
        "Delivery.id == delivery_id, Delivery.worker == worker, col(",
        "Delivery.id == delivery_id, col(",
        _DELIVERIES,
    ),
    Mutant(
        "an agent's words are sent again by themselves",
        "handoff/outcomes.py",
        "if is_agents or doubts > 1 else",
        "if doubts > 1 else",
        f"{_KILLED}_while_an_agents_words_leave_they_are_never_there_twice[sqlite-send.after_call-telegram]",
    ),
    Mutant(
        "it is sent while the claim is not committed yet",
        "store/engine.py",
        "then.append(go_on)",
        "go_on(True)",
        "tests/bot/test_handover.py::test_what_was_claimed_and_then_not_committed_is_neither_sent_nor_begun[sqlite]",
    ),
    Mutant(
        "words whose claim nobody heard of wait for their lease",
        "bot/sending.py",
        "            deliveries.give_back(session, idle, now)\n",
        "",
        "tests/bot/test_handover.py"
        "::test_words_of_which_nobody_knows_whether_they_were_written_leave_soon_and_in_no_doubt[sqlite]",
    ),
    Mutant(
        "words that are under way are given back as if nobody sent them",
        "bot/sending.py",
        "if each.id not in self._under_way and each.id",
        "if each.id",
        "tests/bot/test_handover.py::test_words_that_are_under_way_are_not_taken_for_those_that_nobody_sends[sqlite]",
    ),
    Mutant(
        "an outcome that is told again falls on the attempt after it",
        "bot/sending.py",
        "if is_first or self._is_newest(claimed):",
        "if claimed:",
        "tests/bot/test_handover.py::test_an_outcome_that_is_told_again_says_nothing_of_the_attempt_after_it[sqlite]",
    ),
    Mutant(
        "what a dead process held back for Slack's order is begun with at once",
        "bot/channels/slack/backfill.py",
        "            self._catch_up.take_over()\n",
        "",
        "tests/bot/channels/slack/test_slack_order.py"
        "::test_a_message_whose_process_died_while_it_waited_waits_for_the_look_of_the_next[sqlite]",
    ),
    Mutant(
        "a pause of Slack's for looking is known to who was told alone",
        "bot/channels/slack/calls.py",
        "            self._pacer.close(lane, answer.retry_after)\n            raise TooSoon(",
        "            raise TooSoon(",
        "tests/bot/channels/slack/test_slack_sending.py::test_a_pause_that_slack_asks_for_is_kept_by_all_who_look",
    ),
    Mutant(
        "an answer that was lost counts as one that came",
        "bot/attempts.py",
        "    except (DeliveryError, Uncertain) as error:\n        return error\n",
        '    except Uncertain as error:\n        return (*error.sent, "sent")\n'
        "    except DeliveryError as error:\n        return error\n",
        "tests/bot/channels/telegram/test_telegram_doubts.py"
        "::test_the_bots_words_are_sent_once_more_when_the_answer_was_lost[sqlite]",
    ),
    Mutant(
        "Slack is not asked before a message is sent again",
        "bot/channels/slack/sending.py",
        "in_doubt = parts[len(sent)] if outgoing.doubts and len(sent) < len(parts) else None",
        "in_doubt = None",
        f"{_KILLED}_while_the_bots_words_leave_they_are_there[sqlite-send.after_call-slack]",
    ),
    Mutant(
        "Telegram is told that we have an update that was not kept",
        "bot/channels/telegram/webhook.py",
        'log.warning("update not kept", update=update_id(update), error=type(error).__name__)\n'
        "            return UNAVAILABLE",
        'log.warning("update not kept", update=update_id(update), error=type(error).__name__)\n            return OK',
        "tests/bot/channels/telegram/test_telegram_webhook.py::test_while_the_database_is_down_telegram_keeps_the_update",
    ),
    Mutant(
        "the same event is kept each time it comes",
        "bot/inbox.py",
        "        event_key=event_key,\n",
        '        event_key=f"{event_key} {now}",\n',
        _INBOX,
    ),
    Mutant(
        "a turn is finished by whoever comes to its end, though another worker has it",
        "bot/inbox.py",
        '            _ROWS.c.worker == bindparam("worker_name"),\n',
        "",
        _INBOX,
    ),
    Mutant(
        "a later message of a thread does not wait for the turn of the one before",
        "bot/inbox.py",
        "return ~has_older & ~is_busy",
        "return ~is_busy",
        _INBOX,
    ),
    Mutant(
        "who keeps a message does not wait for one of its thread that is just being kept",
        "bot/inbox.py",
        "pg_advisory_xact_lock(:line, hashtext(:channel || ':' || :thread_key))",
        ":line + hashtext(:channel || ':' || :thread_key)::bigint",
        "tests/bot/test_handover.py"
        "::test_who_keeps_a_message_does_not_begin_with_it_before_one_that_another_just_keeps[postgresql]",
    ),
    Mutant(
        "what was just kept is begun with though its thread waits",
        "bot/handover.py",
        "rows = inbox.claim_new(session, self._worker, now, ids, room, channels=self._channels)",
        "rows = [session.get_one(InboxRow, each) for each in ids]",
        "tests/bot/test_handover.py"
        "::test_a_message_is_begun_with_by_who_kept_it_and_the_next_of_its_thread_waits[sqlite]",
    ),
    Mutant(
        "the bot's answer is recorded though an agent took over meanwhile",
        "handoff/conversations.py",
        '        _CONVERSATIONS.c.version == bindparam("seen_version"),\n'
        '        _CONVERSATIONS.c.owner == bindparam("seen_owner"),\n',
        "",
        "tests/scenarios/test_trouble.py::test_the_bots_answer_is_dropped_when_an_agent_took_over_meanwhile",
    ),
    Mutant(
        "what came while the watchdog looked counts as waiting since the start",
        "bot/watchdog.py",
        "at <= now + _AHEAD",
        "at <= now",
        "tests/scenarios/test_deadline.py::test_what_comes_while_the_watchdog_looks_has_just_come[sqlite-3]",
    ),
    Mutant(
        "a busy database uses up the attempts of a message",
        "bot/turns.py",
        "_put_back(errand, str(error), is_its_own=False)",
        "_try_again_or_park(errand, str(error))",
        "tests/scenarios/test_deadline.py::test_a_busy_database_takes_none_of_the_tries_that_a_message_has[sqlite]",
    ),
    Mutant(
        "what Slack brings late is dealt with when it comes, not where it was said",
        "bot/lateness.py",
        "if said_at(row) > said_at(mine)",
        "if said_at(row) < said_at(mine)",
        "tests/bot/channels/slack/test_slack_order.py"
        "::test_an_earlier_message_that_slack_brings_late_takes_its_place[sqlite]",
    ),
    Mutant(
        "what comes late takes the place of one that is dealt with already",
        "bot/lateness.py",
        "        col(InboxRow.id) < mine.id,\n        *_not_begun(),\n",
        "        col(InboxRow.id) < mine.id,\n",
        "tests/bot/channels/slack/test_slack_order.py::test_what_is_dealt_with_already_is_not_overtaken[sqlite]",
    ),
    Mutant(
        "nobody looks for what Slack told a process that died",
        "bot/channels/slack/peers.py",
        "            return self.is_silent(now)\n",
        "            return False\n",
        f"{_PEERS}_what_slack_told_only_a_process_that_died_is_fetched_by_one_that_lives[sqlite]",
    ),
    Mutant(
        "who starts looks back to what anybody heard last",
        "bot/channels/slack/peers.py",
        "silent = [sign for sign in signs(session, process) if sign.is_silent(now)]",
        "silent = list[SignOfLife]()",
        f"{_PEERS}_who_starts_looks_back_to_the_last_sign_of_a_silent_one_though_others_heard_more[sqlite-True]",
    ),
    Mutant(
        "all that see a silent process look for what it was told",
        "bot/channels/slack/peers.py",
        "if _read(row) == known[row.name]]",
        "if row]",
        f"{_PEERS}_of_two_that_see_it_at_the_same_moment_one_looks_for_it",
    ),
    Mutant(
        "a look at some workspaces of Slack counts as one at that whose token is refused",
        "bot/channels/slack/backfill.py",
        "            unseen_of.add(own)\n",
        "            unseen_of.discard(own)\n",
        "tests/bot/channels/slack/test_slack_own_token.py"
        "::test_refused_at_the_start_it_stays_noted_that_nobody_looked_at_ours_yet",
    ),
    Mutant(
        "a token of Slack's that nothing is sent with is never tried",
        "bot/channels/slack/proofs.py",
        "return self.tried is None or now",
        "return self.tried is None and now",
        "tests/bot/channels/slack/test_slack_proofs.py"
        "::test_ours_is_noticed_and_what_was_said_since_it_was_last_good_is_fetched_once_it_is_taken_again",
    ),
    Mutant(
        "what is missed while Slack refuses a token counts from when that is noticed",
        "bot/channels/slack/connection.py",
        "own, since = self._workspaces.own, self._proofs.last_good(OWN)",
        "own, since = self._workspaces.own, None",
        "tests/bot/channels/slack/test_slack_proofs.py"
        "::test_ours_is_noticed_and_what_was_said_since_it_was_last_good_is_fetched_once_it_is_taken_again",
    ),
    Mutant(
        "a long silence of Slack's is taken for one",
        "bot/channels/slack/silences.py",
        "return Silence(now, QUIET * 2) if now - heard >= QUIET else None",
        "return None",
        "tests/bot/channels/slack/test_slack_silences.py"
        "::test_what_was_said_while_slack_did_not_reach_us_is_fetched_and_told_until_it_does[sqlite]",
    ),
    Mutant(
        "after a restore Slack is not asked for what was on its way",
        "bot/restored.py",
        ".values(doubts=_NEVER_BLINDLY, attempts=1)",
        "",
        "tests/bot/channels/slack/test_slack_restored.py"
        "::test_what_was_sent_since_the_backup_is_found_and_not_sent_again[sqlite-Author.BOT]",
    ),
    Mutant(
        "of direct messages only the thread in which was written last is looked into",
        "bot/channels/slack/history.py",
        'if self._is_new(message.get("latest_reply")) and',
        'if self._is_new(root) and self._is_new(message.get("latest_reply")) and',
        "tests/bot/channels/slack/test_slack_backfill.py"
        "::test_a_reply_in_a_thread_of_direct_messages_begun_long_before_the_gap_is_fetched[sqlite]",
    ),
    Mutant(
        "what a platform refused is forgotten with the process that heard it",
        "bot/channels/booking.py",
        "closed = rates.closed(session, now)",
        "closed = dict[str, datetime]()",
        "tests/bot/channels/test_pacing.py::test_a_refusal_outlives_the_process_that_heard_it",
    ),
    Mutant(
        "anybody keeps the lease of a delivery that another worker has",
        "handoff/holding.py",
        "theirs = (col(Delivery.id).in_(delivery_ids), col(Delivery.worker) == worker)",
        "theirs = (col(Delivery.id).in_(delivery_ids),)",
        "tests/handoff/test_deliveries.py::test_a_lease_that_is_renewed_does_not_run_out[sqlite]",
    ),
    Mutant(
        "anybody keeps the lease of a message that another worker has",
        "bot/inbox.py",
        "mine = (col(InboxRow.id).in_(row_ids), col(InboxRow.worker) == worker, col(",
        "mine = (col(InboxRow.id).in_(row_ids), col(",
        "tests/bot/test_inbox.py::test_only_who_has_a_row_prolongs_it[sqlite]",
    ),
    Mutant(
        "what was begun with anew is taken away all the same",
        "bot/inbox.py",
        "        col(InboxRow.attempts) == row.attempts,\n",
        "",
        "tests/bot/test_inbox.py::test_what_was_begun_with_anew_meanwhile_is_not_taken_away[sqlite]",
    ),
    Mutant(
        "what is not taken is tried once more than is said",
        "bot/attempts.py",
        "error.permanent or (claimed.delivery.attempts >= ATTEMPTS",
        "error.permanent or (claimed.delivery.attempts > ATTEMPTS",
        "tests/bot/channels/telegram/test_telegram_doubts.py"
        "::test_what_telegram_does_not_take_is_given_up_after_eight_tries_and_its_thread_goes_on",
    ),
)


@contextmanager
def copied(folder: Path) -> Iterator[Path]:
    """A copy of the tree in ``folder``, without what is made from it."""
    for name in COPIED:
        source, unwanted = ROOT / name, shutil.ignore_patterns("__pycache__", "*.pyc")
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=unwanted)
        else:
            shutil.copy(source, folder / name)
    yield folder


def survives(mutant: Mutant, folder: Path) -> bool:
    """Whether the mutant's test passes in the copy at ``folder``, which is mended afterwards."""
    file = folder / mutant.file
    sound = file.read_text(encoding="utf-8")
    assert sound.count(mutant.old) == 1, f"{mutant.name}: {mutant.file} has changed"
    file.write_text(sound.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        return passes(mutant.test, folder)
    finally:
        file.write_text(sound, encoding="utf-8")


def passes(test: str, folder: Path) -> bool:
    words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *test.split()]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    # 2 and above: the test did not even begin, which shows nothing.
    assert done.returncode in (0, 1), done.stdout[-2000:] + done.stderr[-2000:]
    return done.returncode == 0


def tests_of(mutants: Iterable[Mutant]) -> list[str]:
    """Each test once, in the order of its first use."""
    return list(dict.fromkeys(mutant.test for mutant in mutants))
