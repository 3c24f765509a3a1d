"""Accounts, edits of messages, messages in parts, unreachable threads, and the buttons of ``/language``."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("plan", sa.String(length=24), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("plan IN ('standard', 'enterprise', 'vip')", name="ck_account_plan"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("name", name=op.f("uq_account_name")),
    )
    op.create_table(
        "account_domain",
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_domain_account_id_account")),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_account_domain")),
    )
    with op.batch_alter_table("account_domain", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_domain_account_id"), ["account_id"], unique=False)

    op.create_table(
        "account_link",
        sa.Column("code_sha256", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_link_account_id_account")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_account_link_customer_id_customer")),
        sa.PrimaryKeyConstraint("code_sha256", name=op.f("pk_account_link")),
    )
    with op.batch_alter_table("account_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_link_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_account_link_customer_id"), ["customer_id"], unique=False)

    op.create_table(
        "message_revision",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_message_revision_message_id_message")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_revision")),
    )
    with op.batch_alter_table("message_revision", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_message_revision_message_id"), ["message_id"], unique=False)

    op.create_table(
        "sent_part",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("thread_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_sent_part_message_id_message")),
        sa.ForeignKeyConstraint(["thread_id"], ["thread.id"], name=op.f("fk_sent_part_thread_id_thread")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sent_part")),
        sa.UniqueConstraint("thread_id", "external_id", name=op.f("uq_sent_part_thread_id_external_id")),
    )
    with op.batch_alter_table("sent_part", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sent_part_message_id"), ["message_id"], unique=False)

    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("prefers_language", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("timezone", sa.String(length=64), nullable=True))
        batch_op.add_column(
            sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(
            sa.Column("joined_to_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("profiled_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_customer_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_joined_to_id"), ["joined_to_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_customer_account_id_account"), "account", ["account_id"], ["id"])
        batch_op.create_foreign_key(
            batch_op.f("fk_customer_joined_to_id_customer"), "customer", ["joined_to_id"], ["id"]
        )

    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("thread", schema=None) as batch_op:
        batch_op.add_column(sa.Column("unreachable", sa.String(length=200), nullable=True))

    _check_button_action(
        "action IN ('person', 'helpful', 'not_helpful', 'option', 'none_of_these', 'solved', 'not_yet', "
        "'something_else', 'language')"
    )


def _check_button_action(condition: str) -> None:
    """Written by hand: models do not tell alembic of a check. Remaking a table on SQLite drops its checks anyway."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if not is_sqlite:
        op.drop_constraint("ck_button_action", "button", type_="check")
    with op.batch_alter_table("button", schema=None, recreate="always" if is_sqlite else "never") as batch_op:
        batch_op.create_check_constraint("ck_button_action", condition)
