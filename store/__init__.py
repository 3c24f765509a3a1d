"""Store: the database, its transactions, and what every room writes beside its own tables.

``store.transaction(database)`` is the only way to write: nobody else commits.
"""

from store.engine import Database, glancing, open_database, reading, transaction

__all__ = ["Database", "glancing", "open_database", "reading", "transaction"]
