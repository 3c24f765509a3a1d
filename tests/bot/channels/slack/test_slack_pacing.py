"""What Slack lets an app say and ask, with a clock that only we move."""

from __future__ import annotations

import pytest
from slack_scene import PNG, Scene

from bot.channels.base import DeliveryError, Inbound, Later, RemoteFile

STATUS = "assistant.threads.setStatus"


def shows_status(scene: Scene) -> int:
    """Ask for the status three times; how often Slack was called."""
    before = len(scene.world.calls_of(STATUS))
    for _ in range(3):
        scene.channel.hint(hint(scene))
        scene.channel.hints.drain()
    return len(scene.world.calls_of(STATUS)) - before


def hint(scene: Scene) -> Inbound:
    question = scene.ada.says("help", scene.ada.dm)
    return scene.asks(text="help", spot=f"{scene.ada.dm.id}/{question.ts}")


def in_room(scene: Scene, root: str) -> str:
    return f"T1:{scene.room.id}:{root}"


def test_threads_of_a_channel_share_its_limit(scene: Scene) -> None:
    roots = [scene.ada.says("hi", scene.room).ts for _ in range(4)]
    for root in roots[:3]:
        scene.channel.send(scene.outgoing(thread=in_room(scene, root)))
    with pytest.raises(Later, match="about one message a second"):
        scene.channel.send(scene.outgoing(thread=in_room(scene, roots[3])))
    scene.channel.send(scene.outgoing())


def test_two_channels_refused_at_once_make_the_workspace_wait(scene: Scene) -> None:
    root = scene.ada.says("hi", scene.room).ts
    scene.world.fail_next("chat.postMessage", "ratelimited", retry_after=30, times=2)
    for thread in (scene.direct(), in_room(scene, root)):
        with pytest.raises(Later):
            scene.channel.send(scene.outgoing(thread=thread))
    other = scene.team.add_channel("other", members=[scene.ada])
    with pytest.raises(Later):
        scene.channel.send(scene.outgoing(thread=f"T1:{other.id}:{scene.ada.says('hi', other).ts}"))
    assert len(scene.world.calls_of("chat.postMessage")) == 2


def test_the_status_takes_nothing_from_words_and_is_left_out_first(scene: Scene) -> None:
    assert shows_status(scene) == 3
    for _ in range(3):
        scene.channel.send(scene.outgoing(spot=hint(scene).spot))
    scene.world.fail_next("chat.postMessage", "ratelimited", retry_after=30)
    scene.later(5)
    with pytest.raises(Later):
        scene.channel.send(scene.outgoing(spot=hint(scene).spot))
    assert shows_status(scene) == 0
    scene.later(31)
    assert shows_status(scene) == 3


def test_a_refused_status_is_left_out_as_long_as_told_and_words_go_on(scene: Scene) -> None:
    scene.world.fail_next(STATUS, "ratelimited", retry_after=30)
    assert shows_status(scene) == 1
    scene.channel.send(scene.outgoing())
    scene.later(31)
    assert shows_status(scene) == 3


def test_a_method_that_was_refused_is_not_asked_before_its_time_and_nothing_else_waits(scene: Scene) -> None:
    file = RemoteFile('{"team": "T1", "id": "F1"}', "a.png", "image/png", len(PNG))
    scene.world.fail_next("files.info", "ratelimited", retry_after=30)
    for _ in range(3):
        with pytest.raises(DeliveryError, match="pause"):
            scene.channel.fetch(file)
        assert scene.channel.profile(scene.asks()) is not None
    assert len(scene.world.calls_of("files.info")) == 1
    scene.channel.send(scene.outgoing())
