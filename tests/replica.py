"""One replica without pages: ``python replica.py URL`` answers what comes into the inbox until its input ends."""

from __future__ import annotations

import sys
import threading

import structlog
from talk import HOUSE

from bot.channels.mailbox import WEB, Mailbox
from bot.live import Live
from bot.worker import Worker
from store import open_database
from store.watch import Watch


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    database = open_database(sys.argv[1])
    live = Live(HOUSE)
    live.refresh(database)
    with Watch(database) as watch:
        worker = Worker(database, watch, live, {WEB: Mailbox(WEB)})
        if "never-looks" in sys.argv:
            # Nobody tells it of another release: it finds out when it is about to cite what is gone.
            worker.start(follows=False)
        else:
            worker.start()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        threading.Thread(target=sys.stdin.read, name="input").run()
        worker.stop()
    database.close()


if __name__ == "__main__":
    main()
