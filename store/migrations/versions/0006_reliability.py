"""reliability"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # After a crash of PostgreSQL the limits may start anew: they are no promise, and unlogged they cost a tenth.
    is_postgres = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "rate",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("full_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_rate")),
        prefixes=["UNLOGGED"] if is_postgres else [],
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.add_column(sa.Column("doubts", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.alter_column("doubts", existing_type=sa.Integer(), existing_nullable=False, server_default=None)
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("waits_since", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
    # What is dealt with leaves these, so they stay small whatever the table holds.
    op.drop_index("ix_inbox_state_id", table_name="inbox")
    unfinished, new, parked = (sa.text(f"state {which}") for which in ("IN ('new', 'working')", "= 'new'", "= 'parked'"))
    for name, columns, where in (
        ("ix_inbox_unfinished_id", ["id"], unfinished),
        ("ix_inbox_unfinished_place", ["channel", "thread_key", "id"], unfinished),
        ("ix_inbox_new_not_before", ["not_before"], new),
        ("ix_inbox_parked_id", ["id"], parked),
    ):
        op.create_index(name, "inbox", columns, sqlite_where=where, postgresql_where=where)
