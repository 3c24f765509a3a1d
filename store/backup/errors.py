"""What a backup or a restore refuses."""

from __future__ import annotations

from store.errors import StoreError


class BackupError(StoreError):
    """The backup could not be made or used."""


class BackupDamaged(BackupError):
    """The backup is damaged."""

    def __init__(self, part: str, why: str) -> None:
        super().__init__(f"The backup is damaged: {part} {why}. Use another backup.")


class BackupNewer(BackupError):
    """This backup was made by a newer Firstline. Install that version, then restore."""


class BackupBusy(BackupError):
    """Another backup or verification is under way in this folder. Wait until it is done."""


class NothingToBackUp(BackupError):
    """There is nothing to back up: the database has no tables yet. The first start makes them."""


class NoBackup(BackupError):
    """There is no backup of this name."""


class ServerRuns(BackupError):
    """Somebody uses this database: a Firstline server, most likely. Stop it, then restore."""


class NotEmpty(BackupError):
    """The database is not empty: add --force to replace what is in it."""


class StrangeTables(BackupError):
    """The database holds tables that are not Firstline's: restore into a database of its own."""
