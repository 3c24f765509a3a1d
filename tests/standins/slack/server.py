"""What tests import; and the stand-in by hand: ``python -m standins.slack.server --port 9001`` from tests/."""

from __future__ import annotations

import argparse
import threading

from .calls import Call
from .channels import Channel
from .delivery import Attempt, Delivery
from .interactions import Submission
from .limits import Limits
from .model import File, Message, View
from .people import Person
from .signed import Http
from .sockets import Socket
from .teams import BOT_SCOPES, App, Team
from .times import Clock, Times
from .world import SlackWorld

__all__ = [
    "BOT_SCOPES",
    "App",
    "Attempt",
    "Call",
    "Channel",
    "Clock",
    "Delivery",
    "File",
    "Http",
    "Limits",
    "Message",
    "Person",
    "SlackWorld",
    "Socket",
    "Submission",
    "Team",
    "Times",
    "View",
]


def main() -> None:
    parser = argparse.ArgumentParser(description="A stand-in for Slack on this machine.")
    parser.add_argument("--port", type=int, default=9001)
    parser.add_argument("--http", metavar="URL", help="deliver to this address instead of Socket Mode")
    options = parser.parse_args()
    with SlackWorld(port=options.port) as world:
        team = world.add_team("T1", bot_token="xoxb-by-hand")
        ann = team.add_person("ann", real_name="Ann Lee", email="ann@acme.example")
        room = team.add_channel("general", members=[ann])
        if options.http:
            world.deliver_by = Http(options.http, world.app.signing_secret)
        lines = [
            f"Web API            {world.api_url}",
            f"bot token          {team.bot_token}",
            f"app token          {world.app.app_token}",
            f"signing secret     {world.app.signing_secret}",
            f"ann's messages     {world.url}/view/{ann.dm.id}",
            f"#general           {world.url}/view/{room.id}",
            f"ann's App Home     {world.url}/view/home/{ann.id}",
            "Write on those pages as ann. Ctrl-C ends.",
        ]
        print("\n".join(lines), flush=True)  # noqa: T201
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
