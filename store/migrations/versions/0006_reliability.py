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
