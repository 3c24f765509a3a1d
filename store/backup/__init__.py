"""Backups of database and files: made while others write, restored all or nothing, and verified by restoring them.

What a backup is made of is in ``store.backup.manifest``.
"""

from store.backup.errors import BackupBusy, BackupDamaged, BackupError, BackupNewer, NoBackup, NotEmpty, ServerRuns
from store.backup.keeping import sweep
from store.backup.making import make
from store.backup.manifest import Backup, backups, moment_of, open_backup
from store.backup.restoring import Restored, restore
from store.backup.standing import MAKE, VERIFY, Standing, note_made, note_problem, note_verified, status

__all__ = [
    "MAKE",
    "VERIFY",
    "Backup",
    "BackupBusy",
    "BackupDamaged",
    "BackupError",
    "BackupNewer",
    "NoBackup",
    "NotEmpty",
    "Restored",
    "ServerRuns",
    "Standing",
    "backups",
    "make",
    "moment_of",
    "note_made",
    "note_problem",
    "note_verified",
    "open_backup",
    "restore",
    "status",
    "sweep",
]
