"""Jobs, the schedules that ask for them, and the events that tell of them and of all else.

Jobs are changed often and soon forgotten. Events need not survive a crash of the database, and so are not logged: that
spares the card. A transaction's number (``xid``) puts them into the order in which they can be read: see events.py.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    desc,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from appliance.store.tables.base import NONE, metadata, moment

jobs = Table(
    "jobs",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("priority", Integer, nullable=False, server_default=text("0")),
    Column("state", Text, nullable=False),
    Column("payload", JSONB, nullable=False, server_default=NONE),
    Column("key", Text),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("most_attempts", Integer, nullable=False),
    moment("run_at"),
    Column("done", BigInteger, nullable=False, server_default=text("0")),
    Column("total", BigInteger),
    Column("words", Text),
    Column("message", Text),
    Column("requested_by", ForeignKey("users.id", ondelete="SET NULL"), index=True),
    Column("instance", Text),
    moment("created_at"),
    moment("started_at", nullable=True),
    moment("finished_at", nullable=True),
    CheckConstraint("state IN ('queued', 'running', 'done', 'dead', 'cancelled')", name="state"),
    Index("ix_jobs_queued", "lane", desc("priority"), "run_at", "id", postgresql_where=text("state = 'queued'")),
    Index("ix_jobs_due", "run_at", postgresql_where=text("state = 'queued'")),
    Index("ix_jobs_running", "instance", postgresql_where=text("state = 'running'")),
    Index("uq_jobs_key", "key", unique=True, postgresql_where=text("state IN ('queued', 'running')")),
    Index("ix_jobs_latest", desc("created_at"), desc("id")),
    Index("ix_jobs_finished", desc("finished_at"), desc("id"), postgresql_where=text("finished_at IS NOT NULL")),
)

schedules = Table(
    "schedules",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("key", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("payload", JSONB, nullable=False, server_default=NONE),
    Column("cron", Text, nullable=False),
    Column("time_zone", Text),
    Column("enabled", Boolean, nullable=False),
    Column("origin", Text, unique=True),
    Column("next_run_at", DateTime(timezone=True)),
    Column("last_run_at", DateTime(timezone=True)),
    moment("created_at"),
)

events = Table(
    "events",
    metadata,
    Column("xid", BigInteger, primary_key=True, server_default=text("((pg_current_xact_id())::text)::bigint")),
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("data", JSONB, nullable=False),
    Column("user_id", Uuid),
    Column("administrators", Boolean, nullable=False),
    moment("created_at"),
    prefixes=["UNLOGGED"],
)
