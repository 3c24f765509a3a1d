"""The stand-in by hand: ``cd tests && python -m standins.telegram.server --port 9000 --token 1:x``."""

from __future__ import annotations

import argparse
import sys
import time

from standins.telegram.world import TOKEN, TelegramWorld


def main(argv: list[str]) -> None:
    """Run by hand, until interrupted: two people, a group and a forum are there to begin with."""
    options = argparse.ArgumentParser(prog="python -m standins.telegram.server", description=main.__doc__)
    options.add_argument("--port", type=int, default=9000)
    options.add_argument("--token", default=TOKEN)
    chosen = options.parse_args(argv)
    with TelegramWorld(chosen.token, port=chosen.port) as world:
        people = [world.person("Ada", language="en"), world.person("林", language="zh")]
        world.group("Friends", people)
        people[0].opens_topic(world.forum("Community", people), "Billing")
        sys.stdout.write(f"FIRSTLINE_TELEGRAM_BASE_URL={world.base_url}\nFIRSTLINE_TELEGRAM_TOKEN={world.token}\n")
        sys.stdout.write(f"{world.base_url}/view/\n")
        sys.stdout.flush()
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main(sys.argv[1:])
