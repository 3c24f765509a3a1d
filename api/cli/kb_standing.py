"""How the live knowledge base stands, for commands that change it; and publishing what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.cli.parts import fit_of, now, report

if TYPE_CHECKING:
    from api.settings import Settings
    from store import Database

ACTOR = "command line"


def tell_standing(database: Database) -> None:
    """Say what an editor in the console would be told or asked before an import."""
    from kb_content.studio.four_eyes import four_eyes
    from kb_content.studio.running import running
    from store import reading

    with reading(database) as session:
        if four_eyes(session):
            report(
                "a second pair of eyes is asked for in the console; a command on this machine is an admin's act, and "
                "stands in the audit log as that"
            )
        if (rollout := running(session)) is not None:
            report(
                f"release {rollout.release_id} is being rolled out: what is published now goes to everybody and ends "
                "that rollout; its drafts stay"
            )


def published(database: Database, settings: Settings) -> int:
    """Publish what is there now; once more where another release went live meanwhile."""
    from bot.learning.publish import publish_newest
    from kb_content.errors import ReleaseOutdated

    try:
        return publish_newest(database, fit_of(settings), ACTOR, now(), report)
    except ReleaseOutdated:
        report("another release went live meanwhile: this one is built once more, with what that one changed")
        return publish_newest(database, fit_of(settings), ACTOR, now(), report)
