"""desk"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("weekly", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("country", sa.String(length=8), nullable=True),
        sa.Column("region", sa.String(length=16), nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar")),
        sa.UniqueConstraint("name", name=op.f("uq_calendar_name")),
    )
    op.create_table(
        "escalation_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("priority", sa.String(length=24), nullable=True),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("whom", sa.String(length=24), nullable=False),
        sa.CheckConstraint("priority IN ('P0', 'P1', 'P2', 'P3')", name="ck_escalation_step_priority"),
        sa.CheckConstraint("whom IN ('assignee', 'team', 'on_call', 'admins')", name="ck_escalation_step_whom"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation_step")),
    )
    op.create_table(
        "absence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_absence_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.create_index("ix_absence_staff_id_until", ["staff_id", "until"], unique=False)

    op.create_table(
        "calendar_day",
        sa.Column("calendar_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("shifts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["calendar_id"], ["calendar.id"], name=op.f("fk_calendar_day_calendar_id_calendar")),
        sa.PrimaryKeyConstraint("calendar_id", "day", name=op.f("pk_calendar_day")),
    )
    op.create_table(
        "duty",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_duty_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty")),
    )
    with op.batch_alter_table("duty", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_duty_staff_id"), ["staff_id"], unique=False)
        batch_op.create_index("ix_duty_until", ["until"], unique=False)

    op.create_table(
        "profile",
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("languages", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("skills", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("load_cap", sa.Integer(), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=True),
        sa.Column("calendar_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["calendar_id"], ["calendar.id"], name=op.f("fk_profile_calendar_id_calendar")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_profile_staff_id_staff")),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_profile")),
    )
    op.create_table(
        "saved_view",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("filters", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_saved_view_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
    )
    with op.batch_alter_table("saved_view", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_saved_view_staff_id"), ["staff_id"], unique=False)

    op.create_table(
        "sla_policy",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("plan", sa.String(length=24), nullable=True),
        sa.Column("priority", sa.String(length=24), nullable=True),
        sa.Column("tier", sa.Integer(), nullable=True),
        sa.Column("clock", sa.String(length=24), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("is_always", sa.Boolean(), nullable=False),
        sa.Column("calendar_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "clock IN ('first_response', 'diagnosis', 'workaround', 'resolution')", name="ck_sla_policy_clock"
        ),
        sa.CheckConstraint("plan IN ('standard', 'enterprise', 'vip')", name="ck_sla_policy_plan"),
        sa.CheckConstraint("priority IN ('P0', 'P1', 'P2', 'P3')", name="ck_sla_policy_priority"),
        sa.ForeignKeyConstraint(["calendar_id"], ["calendar.id"], name=op.f("fk_sla_policy_calendar_id_calendar")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_policy")),
    )
    with op.batch_alter_table("sla_policy", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sla_policy_calendar_id"), ["calendar_id"], unique=False)

    op.create_table(
        "team",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("assigns", sa.Boolean(), nullable=False),
        sa.Column("calendar_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("topics", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("last_staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["calendar_id"], ["calendar.id"], name=op.f("fk_team_calendar_id_calendar")),
        sa.ForeignKeyConstraint(["last_staff_id"], ["staff.id"], name=op.f("fk_team_last_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
        sa.UniqueConstraint("name", name=op.f("uq_team_name")),
    )
    with op.batch_alter_table("team", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_team_calendar_id"), ["calendar_id"], unique=False)

    op.create_table(
        "macro",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("texts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("deeds", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("edited_uses", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_macro_staff_id_staff")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_macro_team_id_team")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_macro")),
        sa.UniqueConstraint("name", name=op.f("uq_macro_name")),
    )
    with op.batch_alter_table("macro", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_macro_staff_id"), ["staff_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_macro_team_id"), ["team_id"], unique=False)

    op.create_table(
        "team_member",
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("is_lead", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_team_member_staff_id_staff")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_team_member_team_id_team")),
        sa.PrimaryKeyConstraint("team_id", "staff_id", name=op.f("pk_team_member")),
    )
    with op.batch_alter_table("team_member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_team_member_staff_id"), ["staff_id"], unique=False)

    op.create_table(
        "outcome",
        sa.Column("conversation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("result", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "reason IN ('asked_for_human', 'no_knowledge', 'low_confidence', 'human_only_topic', 'negative_feedback', 'repeated_question', 'sensitive', 'bot_stuck', 'urgent')",
            name="ck_outcome_reason",
        ),
        sa.CheckConstraint(
            "result IN ('confirmed', 'assumed', 'abandoned', 'handed_off', 'wrong')", name="ck_outcome_result"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_outcome_conversation_id_conversation")
        ),
        sa.PrimaryKeyConstraint("conversation_id", name=op.f("pk_outcome")),
    )
    with op.batch_alter_table("outcome", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outcome_at"), ["at"], unique=False)

    op.create_table(
        "clock",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("ticket_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column("policy", sa.String(length=120), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("is_always", sa.Boolean(), nullable=False),
        sa.Column("calendar_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_minutes", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("met_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("breached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("promised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("apologised_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('first_response', 'diagnosis', 'workaround', 'resolution')", name="ck_clock_kind"),
        sa.CheckConstraint("state IN ('running', 'paused', 'met', 'breached')", name="ck_clock_state"),
        sa.ForeignKeyConstraint(["calendar_id"], ["calendar.id"], name=op.f("fk_clock_calendar_id_calendar")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_clock_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock")),
        sa.UniqueConstraint("ticket_id", "kind", "tier", name=op.f("uq_clock_ticket_id_kind_tier")),
    )
    with op.batch_alter_table("clock", schema=None) as batch_op:
        batch_op.create_index("ix_clock_state_due_at", ["state", "due_at"], unique=False)

    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("ticket_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("detail", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('assigned', 'warning', 'breach', 'on_call', 'woken', 'mention', 'customer_wrote')",
            name="ck_notice_kind",
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_notice_staff_id_staff")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_notice_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index("ix_notice_staff_id_seen_at", ["staff_id", "seen_at"], unique=False)

    op.create_table(
        "survey",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("conversation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ticket_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('csat', 'nps')", name="ck_survey_kind"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_survey_conversation_id_conversation")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_survey_customer_id_customer")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_survey_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey")),
        sa.UniqueConstraint("kind", "ticket_id", name=op.f("uq_survey_kind_ticket_id")),
    )
    with op.batch_alter_table("survey", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_survey_conversation_id"), ["conversation_id"], unique=False)
        batch_op.create_index("ix_survey_customer_id_kind", ["customer_id", "kind"], unique=False)

    op.create_table(
        "ticket_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("ticket_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("detail", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('opened', 'answered', 'customer_wrote', 'assigned', 'team', 'priority', 'tier', 'plan', 'diagnosed', 'worked_around', 'waits', 'resumed', 'resolved', 'closed', 'reopened', 'merged', 'split')",
            name="ck_ticket_event_kind",
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_ticket_event_staff_id_staff")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_event_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_event")),
    )
    with op.batch_alter_table("ticket_event", schema=None) as batch_op:
        batch_op.create_index("ix_ticket_event_ticket_id_id", ["ticket_id", "id"], unique=False)

    op.create_table(
        "ticket_link",
        sa.Column("ticket_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("other_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.CheckConstraint("kind IN ('related', 'duplicate', 'split_from')", name="ck_ticket_link_kind"),
        sa.ForeignKeyConstraint(["other_id"], ["ticket.id"], name=op.f("fk_ticket_link_other_id_ticket")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_link_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("ticket_id", "other_id", name=op.f("pk_ticket_link")),
    )
    with op.batch_alter_table("ticket_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ticket_link_other_id"), ["other_id"], unique=False)

    op.create_table(
        "ticket_look",
        sa.Column("ticket_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("read_to", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("typed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_ticket_look_staff_id_staff")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_look_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("ticket_id", "staff_id", name=op.f("pk_ticket_look")),
    )
    with op.batch_alter_table("ticket_look", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ticket_look_staff_id"), ["staff_id"], unique=False)

    op.create_table(
        "ticket_tag",
        sa.Column("ticket_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tag", sa.String(length=50), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_tag_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("ticket_id", "tag", name=op.f("pk_ticket_tag")),
    )
    with op.batch_alter_table("ticket_tag", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ticket_tag_tag"), ["tag"], unique=False)

    op.create_table(
        "written_draft",
        sa.Column("ticket_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_written_draft_staff_id_staff")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_written_draft_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("ticket_id", "staff_id", "kind", name=op.f("pk_written_draft")),
    )
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("email", sa.String(length=254), nullable=True))
        batch_op.add_column(sa.Column("no_surveys_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_delivery_message_id"), type_="unique")
        batch_op.create_unique_constraint(batch_op.f("uq_delivery_message_id_thread_id"), ["message_id", "thread_id"])

    with op.batch_alter_table("thread", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_staff", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("thread", schema=None) as batch_op:
        batch_op.alter_column("is_staff", existing_type=sa.Boolean(), existing_nullable=False, server_default=None)

    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.add_column(sa.Column("impact", sa.String(length=24), nullable=True))
        batch_op.add_column(sa.Column("urgency", sa.String(length=24), nullable=True))
        batch_op.add_column(
            sa.Column("priority_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("category", sa.String(length=100), nullable=True))
        batch_op.add_column(sa.Column("source", sa.String(length=24), nullable=False, server_default="channel"))
        batch_op.add_column(sa.Column("waits_for", sa.String(length=24), nullable=True))
        batch_op.add_column(sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("external_url", sa.String(length=500), nullable=True))
        batch_op.add_column(
            sa.Column("merged_into_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_index(batch_op.f("ix_ticket_assignee_id"))
        batch_op.create_index("ix_ticket_assignee_id_status", ["assignee_id", "status"], unique=False)
        batch_op.create_index(batch_op.f("ix_ticket_category"), ["category"], unique=False)
        batch_op.create_index(batch_op.f("ix_ticket_merged_into_id"), ["merged_into_id"], unique=False)
        batch_op.drop_index("ix_ticket_status_created_at")
        batch_op.create_index("ix_ticket_status_number", ["status", "number"], unique=False)
        batch_op.create_index("ix_ticket_status_due_at_number", ["status", "due_at", "number"], unique=False)
        batch_op.create_index("ix_ticket_team_status", ["team", "status"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_ticket_priority_by_id_staff"), "staff", ["priority_by_id"], ["id"])
        batch_op.create_foreign_key(batch_op.f("fk_ticket_merged_into_id_ticket"), "ticket", ["merged_into_id"], ["id"])
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.alter_column("source", existing_type=sa.String(length=24), existing_nullable=False, server_default=None)
    _check(
        "ticket",
        old=dict(
            priority="'P0', 'P1', 'P2', 'P3'",
            reason=(
                "'asked_for_human', 'no_knowledge', 'low_confidence', 'human_only_topic', 'negative_feedback', "
                "'repeated_question', 'sensitive', 'bot_stuck', 'urgent'"
            ),
            status="'open', 'pending', 'resolved', 'closed'",
        ),
        impact="'one', 'some', 'all'",
        urgency="'low', 'normal', 'high'",
        source="'channel', 'phone', 'email', 'visit'",
        waits_for="'customer', 'bot', 'time'",
    )
    actions = (
        "'person', 'helpful', 'not_helpful', 'option', 'none_of_these', 'solved', 'not_yet', "
        "'something_else', 'language', 'ticket', 'add_to_ticket', 'close_ticket', 'reopen_ticket', "
        "'csat', 'nps', 'no_surveys'"
    )
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("ck_button_action", "button", type_="check")
    _check("button", old={}, action=actions)
    _tell_the_past()


def _check(table: str, old: dict[str, str], **new: str) -> None:
    """Checks written by hand: models do not tell alembic of them. Remaking a table on SQLite drops the ``old`` ones."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table(table, schema=None, recreate="always" if is_sqlite else "never") as batch_op:
        for column, values in {**(old if is_sqlite else {}), **new}.items():
            batch_op.create_check_constraint(f"ck_{table}_{column}", f"{column} IN ({values})")


def _tell_the_past() -> None:
    """Tickets that are there already get the events that their columns tell of."""
    op.execute("UPDATE ticket SET waits_for = 'bot' WHERE status = 'pending'")
    op.execute("UPDATE ticket SET closed_at = resolved_at WHERE status = 'closed'")
    is_postgres = op.get_bind().dialect.name == "postgresql"
    opened = "'{\"priority\": \"' || priority || '\", \"tier\": ' || tier || '}'"
    nothing, waiting = "'{}'", "'{\"waits_for\": \"bot\"}'"
    first_words = (
        "SELECT min(at) FROM message WHERE message.conversation_id = ticket.conversation_id"
        " AND author = 'agent' AND NOT private"
    )
    for kind, at, detail in (
        ("opened", "created_at", opened),
        ("answered", f"({first_words})", nothing),
        ("waits", "CASE WHEN status = 'pending' THEN updated_at END", waiting),
        ("resolved", "resolved_at", nothing),
    ):
        as_json = f"CAST({detail} AS JSONB)" if is_postgres else detail
        told = f"SELECT id, '{kind}', {at}, {as_json} FROM ticket WHERE {at} IS NOT NULL ORDER BY id"
        # Not text(): its colons would be parameters.
        op.get_bind().exec_driver_sql(f"INSERT INTO ticket_event (ticket_id, kind, at, detail) {told}")
