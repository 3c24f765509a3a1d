"""Write the next migration from the rooms' models, and name what a database lacks of them (for developers and tests).

``store`` knows no other room, so whoever calls imports the models and hands their metadata in::

    .venv/bin/python -c "import store.models, kb_content.models, retrieval.models
    import handoff.models, handoff.ticketing.models, handoff.sla.models, handoff.staffing.models
    import handoff.surveys.models, handoff.workplace.models
    import kb_content.studio.models, bot.models, bot.channels.slack.tables
    import bot.learning.recall.models, bot.learning.worklist.models
    from sqlmodel import SQLModel; from store.autogenerate import autogenerate
    print(autogenerate('sqlite:////tmp/scratch.db', SQLModel.metadata, 'what changes'))"

Read what it wrote, and add by hand what models cannot say: full text, triggers, data, and the check of an enum
column that is added to an existing table (only new tables get theirs).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import CheckConstraint, Column, Enum, MetaData
from sqlmodel.sql.sqltypes import AutoString

from store.columns import Utc
from store.migrate import VERSIONS, alembic_config, alone, run_alembic


def autogenerate(url: str, metadata: MetaData, message: str, versions: Path = VERSIONS) -> Path:
    """Bring ``url`` to the newest script of ``versions`` and write one more, from there to ``metadata``. Returns it.

    Any SQLite file will do, an absent one too: the script is the same for both databases.
    """
    from alembic import command

    number = f"{len(list(versions.glob('[0-9]*_*.py'))) + 1:04d}"
    with alone(url) as connection:
        run_alembic(connection, versions)
        config = alembic_config(connection, versions, metadata=metadata, comparison=_comparison())
        command.revision(config, message, autogenerate=True, rev_id=number)
    return _tidy(next(versions.glob(f"{number}_*.py")))


def differences(url: str, metadata: MetaData) -> list[Any]:
    """What the database at ``url`` lacks of ``metadata`` or has beyond it, as alembic says it; empty when nothing."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with alone(url) as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts=_comparison()), metadata))


def _tidy(script: Path) -> Path:
    lines = script.read_text().splitlines()
    script.write_text("\n".join(line for line in lines if not line.lstrip().startswith("# ###")) + "\n")
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", str(script)], check=True)
    return script


def _comparison() -> dict[str, Any]:
    return {
        "compare_type": True,
        "include_name": _is_from_models,
        "render_item": _render_type,
        "process_revision_directives": _checks_rewriter(),
    }


def _is_from_models(name: str | None, kind: str, _parents: Any) -> bool:
    """Not so: the full-text index, made by hand (an FTS5 table with its shadows; a column and its GIN index)."""
    return not (kind in ("table", "column", "index") and (name or "").startswith("searchable_words"))


def _render_type(kind: str, item: Any, context: Any) -> str | bool:
    """Our own column types as the plain ones below them, so that a script needs no code of ours; False = as usual."""
    if kind != "type":
        return False
    if isinstance(item, Utc):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, AutoString | Enum):
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    if "postgresql" in getattr(item, "_variant_mapping", {}):
        context.imports.add("from sqlalchemy.dialects import postgresql")
        return "sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')"
    return False


def _check(table: str, item: Any) -> CheckConstraint | None:
    if not (isinstance(item, Column) and isinstance(item.type, Enum)):
        return None
    values = ", ".join(f"'{value}'" for value in item.type.enums)
    return CheckConstraint(f"{item.name} IN ({values})", name=f"ck_{table}_{item.name}")


def _checks_rewriter() -> Any:
    """Spell out the check constraint of each enum column: alembic leaves it to the type, which is rendered as text."""
    from alembic.autogenerate.rewriter import Rewriter
    from alembic.operations import ops

    writer = Rewriter()

    @writer.rewrites(ops.CreateTableOp)  # type: ignore[untyped-decorator,unused-ignore]
    def add_checks(_context: Any, _revision: Any, op: Any) -> Any:
        op.columns.extend([check for item in op.columns if (check := _check(op.table_name, item)) is not None])
        return op

    return writer
