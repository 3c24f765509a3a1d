from __future__ import annotations

from datetime import datetime

import pytest
from drafted import KB, Writers

from store import Database


@pytest.fixture
def writers(database: Database, now: datetime) -> Writers:
    """Editors of a small KB that is live."""
    house = Writers(database, now)
    house.bring(KB)
    house.publish()
    return house
