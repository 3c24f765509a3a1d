"""studio"""

import hashlib
import json
import unicodedata
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kb_draft",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=40), nullable=False),
        sa.Column("content", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("is_removal", sa.Boolean(), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("base_sha256", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("publish_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ticked", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("origin", sa.String(length=100), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_by", sa.BigInteger(), nullable=True),
        sa.Column("approved_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('article', 'intent', 'term', 'sentence')", name="ck_kb_draft_kind"),
        sa.CheckConstraint("state IN ('draft', 'in_review', 'approved', 'scheduled')", name="ck_kb_draft_state"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kb_draft")),
        sa.UniqueConstraint("kind", "name", "language", name=op.f("uq_kb_draft_kind_name_language")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "kb_import",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=254), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("wish", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("found", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("progress", sa.String(length=300), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("before", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(length=254), nullable=False),
        sa.CheckConstraint(
            "state IN ('asked', 'reading', 'read', 'failed', 'done', 'undone')", name="ck_kb_import_state"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kb_import")),
    )
    op.create_table(
        "kb_agreed",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("kind", "name", "language", name=op.f("pk_kb_agreed")),
    )
    op.create_table(
        "kb_sentence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("language", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kb_sentence")),
        sa.UniqueConstraint("key", "language", name=op.f("uq_kb_sentence_key_language")),
    )
    with op.batch_alter_table("kb_sentence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kb_sentence_source"), ["source"], unique=False)

    op.create_table(
        "recall",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("article_id", sa.String(length=100), nullable=False),
        sa.Column("language", sa.String(length=40), nullable=False),
        sa.Column("passages", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("versions", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("texts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('prepared', 'sending', 'done', 'stopped')", name="ck_recall_state"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall")),
    )
    with op.batch_alter_table("recall", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recall_article_id"), ["article_id"], unique=False)

    op.create_table(
        "work_item",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=40), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("earlier", sa.Integer(), nullable=False),
        sa.Column("gain", sa.Float(), nullable=False),
        sa.Column("cause", sa.String(length=24), nullable=True),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("draft_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("effect", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "cause IN ('product_defect', 'misconfiguration', 'misunderstanding', 'missing_article')",
            name="ck_work_item_cause",
        ),
        sa.CheckConstraint(
            "kind IN ('unanswered', 'disliked', 'wrong', 'stale', 'out_of_range', 'duplicate', 'contradiction', 'translation', 'synonym')",
            name="ck_work_item_kind",
        ),
        sa.CheckConstraint("state IN ('open', 'drafted', 'published', 'wont_do')", name="ck_work_item_state"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_item")),
        sa.UniqueConstraint("kind", "key", name=op.f("uq_work_item_kind_key")),
    )
    op.create_table(
        "kb_file",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_kb_file_file_id_stored_file")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kb_file")),
        sa.UniqueConstraint("name", name=op.f("uq_kb_file_name")),
    )
    with op.batch_alter_table("kb_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kb_file_file_id"), ["file_id"], unique=False)

    op.create_table(
        "kb_publication",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("drafts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("override", sa.Text(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=True),
        sa.Column("accounts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("release_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("progress", sa.String(length=300), nullable=False),
        sa.Column("check", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'building', 'checking', 'blocked', 'staged', 'published', 'failed', 'cancelled')",
            name="ck_kb_publication_state",
        ),
        sa.ForeignKeyConstraint(
            ["release_id"], ["kb_release.id"], name=op.f("fk_kb_publication_release_id_kb_release")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kb_publication")),
    )
    with op.batch_alter_table("kb_publication", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kb_publication_asked_at"), ["asked_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_kb_publication_release_id"), ["release_id"], unique=False)

    op.create_table(
        "kb_rollout",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("release_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("base_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("accounts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_by", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('running', 'promoted', 'stopped')", name="ck_kb_rollout_state"),
        sa.ForeignKeyConstraint(["base_id"], ["kb_release.id"], name=op.f("fk_kb_rollout_base_id_kb_release")),
        sa.ForeignKeyConstraint(["release_id"], ["kb_release.id"], name=op.f("fk_kb_rollout_release_id_kb_release")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kb_rollout")),
    )
    with op.batch_alter_table("kb_rollout", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kb_rollout_release_id"), ["release_id"], unique=False)
        batch_op.create_index(
            "uq_kb_rollout_running",
            ["state"],
            unique=True,
            sqlite_where=sa.text("state = 'running'"),
            postgresql_where=sa.text("state = 'running'"),
        )

    op.create_table(
        "recall_recipient",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("recall_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("conversation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sent_message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'sent', 'opted_out', 'unreachable')", name="ck_recall_recipient_state"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_recall_recipient_conversation_id_conversation")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_recall_recipient_customer_id_customer")
        ),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_recall_recipient_message_id_message")),
        sa.ForeignKeyConstraint(["recall_id"], ["recall.id"], name=op.f("fk_recall_recipient_recall_id_recall")),
        sa.ForeignKeyConstraint(
            ["sent_message_id"], ["message.id"], name=op.f("fk_recall_recipient_sent_message_id_message")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall_recipient")),
        sa.UniqueConstraint("recall_id", "customer_id", name=op.f("uq_recall_recipient_recall_id_customer_id")),
    )
    op.create_table(
        "told",
        sa.Column("message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.String(length=100), nullable=False),
        sa.Column("language", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("passage", sa.String(length=100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_told_message_id_message")),
        sa.PrimaryKeyConstraint("message_id", "position", name=op.f("pk_told")),
    )
    with op.batch_alter_table("told", schema=None) as batch_op:
        batch_op.create_index("ix_told_article_id_language_at", ["article_id", "language", "at"], unique=False)

    with op.batch_alter_table("article_version", schema=None) as batch_op:
        batch_op.add_column(sa.Column("made_by", sa.BigInteger(), nullable=True))

    with op.batch_alter_table("kb_article", schema=None) as batch_op:
        batch_op.add_column(sa.Column("current", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE kb_article SET current = newest")
    _agree()
    with op.batch_alter_table("kb_article", schema=None) as batch_op:
        batch_op.alter_column("current", existing_type=sa.Integer(), existing_nullable=False, server_default=None)

    kept = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    with op.batch_alter_table("kb_release", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sentences", kept, nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("changes", kept, nullable=False, server_default="[]"))
    # Remaking the table on SQLite drops its check.
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if not is_sqlite:
        op.drop_constraint("ck_kb_release_state", "kb_release", type_="check")
    with op.batch_alter_table("kb_release", schema=None, recreate="always" if is_sqlite else "never") as batch_op:
        batch_op.alter_column("sentences", existing_type=kept, existing_nullable=False, server_default=None)
        batch_op.alter_column("changes", existing_type=kept, existing_nullable=False, server_default=None)
        states = "'building', 'ready', 'staged', 'live', 'retired'"
        batch_op.create_check_constraint("ck_kb_release_state", f"state IN ({states})")

    notices = (
        "'assigned', 'warning', 'breach', 'on_call', 'woken', 'mention', 'customer_wrote', 'corrected'"
    )
    if not is_sqlite:
        op.drop_constraint("ck_notice_kind", "notice", type_="check")
    with op.batch_alter_table("notice", schema=None, recreate="always" if is_sqlite else "never") as batch_op:
        batch_op.create_check_constraint("ck_notice_kind", f"kind IN ({notices})")


def _agree() -> None:
    """Until now all that there is came from folders and was changed nowhere else."""
    op.execute(
        "INSERT INTO kb_agreed (kind, name, language, sha256) "
        "SELECT 'article', a.article_id, a.language, v.sha256 FROM kb_article a "
        "JOIN article_version v ON v.kb_article_id = a.id AND v.number = a.current WHERE a.archived_at IS NULL"
    )
    connection = op.get_bind()
    agreed = {}
    for table, kind in (("kb_intent", "intent"), ("glossary_entry", "term"), ("gold_question", "gold")):
        rows = sa.table(table, sa.column("data", sa.JSON().with_variant(postgresql.JSONB(), "postgresql")))
        for (data,) in connection.execute(sa.select(rows.c.data)):
            name, language = _named(kind, data)
            agreed[kind, name, language] = _hash(data)
    kept = sa.table("kb_agreed", *map(sa.column, ("kind", "name", "language", "sha256")))
    values = [{"kind": kind, "name": name, "language": lang, "sha256": sha} for (kind, name, lang), sha in agreed.items()]
    if values:
        connection.execute(sa.insert(kept), values)


def _hash(data: object) -> str:
    written = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def _named(kind: str, data: dict[str, Any]) -> tuple[str, str]:
    if kind == "gold":
        return _hash(data["text"]), data["language"]
    if kind == "intent":
        return data["name"], ""
    folded = unicodedata.normalize("NFKC", data["term"]).casefold()
    return "".join(c for c in folded if not c.isspace() and c not in "-_")[:200], data["language"]
