"""What Alembic runs: the migrations, over the connection and in the transaction of ``appliance.store.migrate``."""

from alembic import context

from appliance.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
