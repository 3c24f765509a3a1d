"""``python -m chaos.publishing URL [PLACE]`` (from tests/): carry out what is to be published, as a server does; die at
``PLACE``, if one is given."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

PLACES = ("publication.begun", "publication.checking", "publication.in_finish")


def main() -> None:
    from bot.learning.publish import Fit
    from bot.learning.studio.carrying_out import run_due
    from bot.live import House
    from store import crashpoints, open_database

    url, *place = sys.argv[1:]
    if place:
        crashpoints.arm(place[0])
    database = open_database(url)
    run_due(database, Fit(), House("http://kb.example"), datetime.now(UTC), lambda sentence: None)
    database.close()


if __name__ == "__main__":
    main()
