"""What can go wrong below every room."""

from __future__ import annotations


class StoreError(Exception):
    """The database could not do this. The class docstring is the message where none is given."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip())


class AlreadyRunning(StoreError):
    """Another Firstline server already uses this database. Stop it, or give this one its own FIRSTLINE_DATA_DIR."""


class Unavailable(StoreError):
    """Nothing can be read or saved just now, whatever it is."""


class DatabaseUnreachable(Unavailable):
    """The database does not answer. Check FIRSTLINE_DATABASE_URL and that the server is up."""


class DatabaseBusy(Unavailable):
    """The database is busy: others have kept it for too long. Nothing was saved; try again in a moment."""


class DatabaseReadOnly(Unavailable):
    """The database can only be read here. Check who may write to it, or who owns the files in FIRSTLINE_DATA_DIR."""


class DatabaseDamaged(Unavailable):
    """The database is damaged. Stop Firstline, keep a copy of its files, and restore the last backup."""


class NewerDatabase(StoreError):
    """This database was made by a newer Firstline. Install that version again, or restore an older backup."""


class DiskFull(Unavailable):
    """The disk is full: nothing was saved. Free some space and try again."""


class DiskFailing(Unavailable):
    """The disk could not be read or written. Check the disk that holds the database, and that it is still there."""


class FileTooLarge(StoreError):
    """The file is larger than 20 MB."""


class FileMissing(StoreError):
    """This file is no longer in the data folder. Restore it from a backup of FIRSTLINE_DATA_DIR."""
