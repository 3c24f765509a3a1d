"""Suggestions, audits of answers, autonomy of topics, the glossary, and proposed example questions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "glossary_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("data", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_glossary_entry")),
    )
    with op.batch_alter_table("glossary_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_glossary_entry_source"), ["source"], unique=False)

    op.create_table(
        "proposed_question",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("article_id", sa.String(length=100), nullable=False),
        sa.Column("language", sa.String(length=40), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("plain", sa.String(length=200), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=254), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('open', 'accepted', 'declined')", name="ck_proposed_question_state"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposed_question")),
        sa.UniqueConstraint(
            "article_id", "language", "plain", name=op.f("uq_proposed_question_article_id_language_plain")
        ),
    )
    op.create_table(
        "topic_mode",
        sa.Column("topic", sa.String(length=100), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("by", sa.String(length=254), nullable=False),
        sa.Column("why", sa.String(length=300), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("topic", name=op.f("pk_topic_mode")),
    )
    op.create_table(
        "answer_audit",
        sa.Column("message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("is_right", sa.Boolean(), nullable=False),
        sa.Column("right_article", sa.String(length=100), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_answer_audit_message_id_message")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_answer_audit_staff_id_staff")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_answer_audit")),
    )
    with op.batch_alter_table("answer_audit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_answer_audit_staff_id"), ["staff_id"], unique=False)

    op.create_table(
        "suggestion",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("conversation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("topic", sa.String(length=100), nullable=False),
        sa.Column("article", sa.String(length=100), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("sent_message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('offered', 'sent', 'edited', 'skipped', 'outdated')", name="ck_suggestion_state"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_suggestion_conversation_id_conversation")
        ),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_suggestion_message_id_message")),
        sa.ForeignKeyConstraint(
            ["sent_message_id"], ["message.id"], name=op.f("fk_suggestion_sent_message_id_message")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_suggestion_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suggestion")),
    )
    with op.batch_alter_table("suggestion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_suggestion_conversation_id"), ["conversation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_suggestion_message_id"), ["message_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_suggestion_sent_message_id"), ["sent_message_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_suggestion_staff_id"), ["staff_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_suggestion_topic"), ["topic"], unique=False)

    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("heard_to", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))

    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    with op.batch_alter_table("kb_release", schema=None) as batch_op:
        # Releases that are there already have no glossary and no accepted questions; new ones always say theirs.
        batch_op.add_column(sa.Column("glossary", json, nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("questions", json, nullable=False, server_default="[]"))
    with op.batch_alter_table("kb_release", schema=None) as batch_op:
        batch_op.alter_column("glossary", existing_type=json, existing_nullable=False, server_default=None)
        batch_op.alter_column("questions", existing_type=json, existing_nullable=False, server_default=None)
