"""What the nursery does with a publication: as a server carries it out, but it dies at one of these places."""

from __future__ import annotations

from datetime import UTC, datetime

PLACES = ("publication.begun", "publication.checking", "publication.in_finish")


def carry_out(url: str, place: str) -> None:
    """Carry out what is to be published in the database at ``url``; die at ``place``."""
    from bot.learning.publish import Fit
    from bot.learning.studio.carrying_out import run_due
    from bot.live import House
    from store import crashpoints, open_database

    crashpoints.arm(place)
    database = open_database(url)
    run_due(database, Fit(), House("http://kb.example"), datetime.now(UTC), lambda sentence: None)
    database.close()
