"""Which backups stay: all of the last day, before it one a day; and the files that only gone ones held go, too."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from store.backup.making import MAKING, alone_in
from store.backup.manifest import POOL, backups, moment_of
from store.backup.pool import sweep_pool

DAYS = 30
_ALL_OF = timedelta(days=1)


def superfluous(made: Sequence[Path], now: datetime, days: int = DAYS) -> list[Path]:
    """Those of the backups ``made`` that may go: of the newest ``days`` days that have one (in UTC) the newest stays,
    and whatever was made within a day before ``now``."""
    newest_of_day = {moment_of(path).date(): path for path in sorted(made)}
    stay = {path for _, path in sorted(newest_of_day.items())[-days:]}
    return [path for path in sorted(made) if path not in stay and now - moment_of(path) > _ALL_OF]


def sweep(folder: Path, now: datetime, days: int = DAYS) -> list[Path]:
    """Delete what is superfluous in ``folder``. Returns the backups that went. Raises BackupBusy."""
    with alone_in(folder):
        gone = superfluous(backups(folder), now, days)
        for path in gone:
            # Under another name first: what is half deleted must not look like a backup.
            going = path.rename(folder / f"{MAKING}{path.name}")
            shutil.rmtree(going)
        if gone:
            sweep_pool(folder / POOL, backups(folder))
    return gone
