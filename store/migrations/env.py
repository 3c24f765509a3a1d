"""Run the migration scripts on the connection that ``store.migrate`` hands in, inside its transaction.

No models here: a script must mean the same in ten years. Only a comparison hands in their metadata.
"""

from alembic import context

attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    target_metadata=attributes.get("metadata"),
    render_as_batch=True,
    **attributes.get("comparison", {}),
)
with context.begin_transaction():
    context.run_migrations()
