"""The whole product, killed where a message is kept but its sender not told: the page sends again, one is answered."""

from __future__ import annotations

import signal
from pathlib import Path

import httpx2
import pytest
from end_to_end.chat_house import ANSWER, QUESTION, a_house, heard, starting
from server import get, post
from standins.telegram import TelegramWorld


def test_a_message_that_was_kept_but_not_acknowledged_is_answered_once(tmp_path: Path, small_kb: Path) -> None:
    with TelegramWorld(patience=60) as telegram:
        settings = {"TELEGRAM_TOKEN": telegram.token, "TELEGRAM_BASE_URL": telegram.base_url}
        with starting(tmp_path, small_kb, **settings, CRASH_AT="inbox.after_commit") as dying:
            token = post(f"{dying.address}/api/v1/chat/sessions").json()["token"]
            headers, message = {"Authorization": f"Bearer {token}"}, {"text": QUESTION, "client_id": "1"}
            with pytest.raises(httpx2.TransportError):
                httpx2.post(f"{dying.address}/api/v1/chat/messages", json=message, headers=headers, timeout=60)
            assert dying.process.wait() == -signal.SIGKILL
        ada = telegram.person("Ada")
        ada.says(QUESTION)
        with a_house(tmp_path, small_kb, **settings) as house:
            again = post(f"{house.address}/api/v1/chat/messages", json=message, headers=headers)
            assert again.status_code == 202
            heard(ada, ANSWER)

            def talk() -> list[dict[str, str]]:
                shown = get(f"{house.address}/api/v1/chat/messages", headers=headers).json()["messages"]
                return list(shown) if len(shown) > 1 else []

            assert [each["direction"] for each in house.when(talk)] == ["incoming", "outgoing"]
            assert len(ada.private.from_bot) == 1
