"""The tables of the Slack SDK for workspaces that added the app, among ours, so that a migration makes them.

The SDK's stores describe the same tables to themselves; these twins are only for ``store.autogenerate``.
"""

from __future__ import annotations

from slack_sdk.oauth.installation_store.sqlalchemy import SQLAlchemyInstallationStore as Installations
from slack_sdk.oauth.state_store.sqlalchemy import SQLAlchemyOAuthStateStore as States
from sqlmodel import SQLModel

# Importing the module is what registers them.
BOTS = Installations.build_bots_table(SQLModel.metadata, Installations.default_bots_table_name)
INSTALLATIONS = Installations.build_installations_table(
    SQLModel.metadata, Installations.default_installations_table_name
)
OAUTH_STATES = States.build_oauth_states_table(SQLModel.metadata, States.default_table_name)
