"""Who may come in, and by which keys; what the household decided, and who did what."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    desc,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from appliance.store.tables.base import NONE, metadata, moment

users = Table(
    "users",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("key", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("app_secret", LargeBinary),
    moment("created_at"),
    # Their numbers; NULL is every library, also those to come.
    Column("libraries", ARRAY(Integer)),
    CheckConstraint("role IN ('admin', 'member', 'guest')", name="role"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    moment("created_at"),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
    # By which it is shown and ended: the hash is nobody's business.
    Column("id", Uuid, nullable=False, unique=True, server_default=func.gen_random_uuid()),
    Column("agent", Text, nullable=False, server_default=""),
)

devices = Table(
    "devices",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    Column("sealed", LargeBinary),
    moment("created_at"),
    Column("last_seen_at", DateTime(timezone=True)),
    Index("ix_devices_user", "user_id", "created_at", "id"),
)

invitations = Table(
    "invitations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("code_hash", LargeBinary, nullable=False, unique=True),
    Column("name", Text),
    Column("role", Text, nullable=False),
    Column("libraries", ARRAY(Integer)),
    moment("created_at"),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
    Column("accepted_at", DateTime(timezone=True)),
    CheckConstraint("role IN ('admin', 'member', 'guest')", name="role"),
    Index("ix_invitations_latest", desc("created_at"), desc("id")),
)

# Appended to, and cut off at its old end. It names whom it is about without pointing to them: they may be gone.
audit = Table(
    "audit",
    metadata,
    Column("id", Uuid, primary_key=True),
    moment("happened_at"),
    Column("action", Text, nullable=False),
    Column("network", Text, nullable=False),
    Column("actor_id", Uuid),
    Column("actor_name", Text),
    Column("subject_id", Uuid),
    Column("subject_name", Text),
    Column("fields", ARRAY(Text), nullable=False, server_default=NONE),
    Index("ix_audit_latest", desc("happened_at"), desc("id")),
    Index("ix_audit_action", "action", desc("happened_at"), desc("id")),
    Index("ix_audit_actor", "actor_id", desc("happened_at"), desc("id")),
    Index("ix_audit_subject", "subject_id", desc("happened_at"), desc("id")),
)

# A setting that nobody has changed has no row.
settings = Table(
    "settings",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", JSONB, nullable=False),
    moment("changed_at"),
)
