"""Scans: asked for, run, ended."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    Table,
    Text,
    Uuid,
    desc,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from appliance.store.tables.base import NONE, metadata, moment

scans = Table(
    "scans",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("counts", JSONB, nullable=False, server_default=NONE),
    Column("instance", Text),
    Column("message", Text),
    moment("requested_at"),
    moment("started_at", nullable=True),
    moment("finished_at", nullable=True),
    CheckConstraint("kind IN ('quick', 'full')", name="kind"),
    CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="state"),
    Index("ix_scans_open", "requested_at", postgresql_where=text("state IN ('queued', 'running')")),
    Index("ix_scans_latest", desc("requested_at"), desc("id")),
)
