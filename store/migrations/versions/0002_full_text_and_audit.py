"""What models cannot say: the full-text index, and audit rows that nobody can change."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# The index keeps no copy of the words; store.fulltext keeps it in step.
# Every mark counts as a letter (M*): unicode61 alone would cut words of Hindi or Thai at their vowel signs.
SQLITE = (
    """CREATE VIRTUAL TABLE searchable_words USING fts5(
        words, content='searchable', content_rowid='id',
        tokenize="unicode61 remove_diacritics 0 categories 'L* N* M* Co'")""",
    """CREATE TRIGGER audit_never_updated BEFORE UPDATE ON audit BEGIN
        SELECT RAISE(ABORT, 'audit rows are never changed');
    END""",
    """CREATE TRIGGER audit_never_deleted BEFORE DELETE ON audit BEGIN
        SELECT RAISE(ABORT, 'audit rows are never changed');
    END""",
)
POSTGRESQL = (
    """ALTER TABLE searchable ADD COLUMN searchable_words tsvector NOT NULL
        GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, words)) STORED""",
    "CREATE INDEX searchable_words ON searchable USING gin (searchable_words)",
    """CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'audit rows are never changed'; END $$""",
    """CREATE TRIGGER audit_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()""",
)


def upgrade() -> None:
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)
