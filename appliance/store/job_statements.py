"""The statements of jobs: see jobs.py for what they promise."""

from sqlalchemy import BigInteger, Double, Integer, Interval, Text, Uuid, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from appliance.core.jobs import JobOrder
from appliance.store.statement import Statement

_COLUMNS = """id, kind, lane, priority, state, payload, key, attempts, most_attempts, run_at, done, total, words,
    message, requested_by, created_at, started_at, finished_at"""
_OF_JOBS = ", ".join(f"jobs.{name.strip()}" for name in _COLUMNS.split(","))
_ID = bindparam("id", type_=Uuid)
_KINDS = bindparam("kinds", type_=ARRAY(Text))
#: The process of this connection: see database.py.
_US = "current_setting('application_name')"

LAZILY = Statement(text("SET LOCAL synchronous_commit = off"))
NOTIFY = Statement(select(func.pg_notify(bindparam("channel", type_=Text), bindparam("payload", type_=Text))))
# By the key's hash: two that share a hash wait for each other, which harms nobody.
KEY_TURN = Statement(
    text("SELECT pg_advisory_xact_lock(706602, hashtext(:key))").bindparams(bindparam("key", type_=Text))
)
BY_KEY = Statement(
    text(f"SELECT {_COLUMNS} FROM jobs WHERE key = :key AND state IN ('queued', 'running')").bindparams(
        bindparam("key", type_=Text)
    )
)
ADD = Statement(
    text(
        f"""
        INSERT INTO jobs (id, kind, lane, priority, state, payload, key, most_attempts, run_at, requested_by)
        VALUES (:id, :kind, :lane, :priority, 'queued', :payload, :key, :most_attempts, now() + :delay, :requested_by)
        RETURNING {_COLUMNS}
        """
    ).bindparams(
        _ID,
        bindparam("kind", type_=Text),
        bindparam("lane", type_=Text),
        bindparam("priority", type_=Integer),
        bindparam("payload", type_=JSONB),
        bindparam("key", type_=Text),
        bindparam("most_attempts", type_=Integer),
        bindparam("delay", type_=Interval),
        bindparam("requested_by", type_=Uuid),
    )
)
TAKE = Statement(
    text(
        f"""
        UPDATE jobs
        SET state = 'running', instance = {_US}, attempts = attempts + 1, started_at = now(),
            done = 0, total = NULL, words = NULL
        WHERE id = ANY (ARRAY (
            SELECT id FROM jobs
            WHERE state = 'queued' AND lane = :lane AND kind = ANY (:kinds) AND run_at <= now()
            ORDER BY priority DESC, run_at, id
            LIMIT :limit
            FOR UPDATE SKIP LOCKED
        ))
        RETURNING {_COLUMNS}
        """
    ).bindparams(bindparam("lane", type_=Text), _KINDS, bindparam("limit", type_=Integer))
)
NEXT_DUE = Statement(
    text(
        """
        SELECT extract(epoch FROM run_at - now())::float8 FROM jobs
        WHERE state = 'queued' AND kind = ANY (:kinds) AND run_at > now()
        ORDER BY run_at LIMIT 1
        """
    ).bindparams(_KINDS)
)
ABANDONED = Statement(
    text(
        f"""
        SELECT {_COLUMNS} FROM jobs
        WHERE state = 'running' AND instance <> {_US} AND NOT EXISTS (
            SELECT FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = jobs.instance
        )
        FOR UPDATE SKIP LOCKED
        """
    )
)
OWN = Statement(text(f"SELECT {_COLUMNS} FROM jobs WHERE state = 'running' AND instance = {_US}"))
END = Statement(
    text(
        f"""
        UPDATE jobs
        SET state = ended.state, attempts = ended.attempts, message = ended.message, instance = NULL,
            run_at = now() + make_interval(secs => ended.delay),
            finished_at = CASE WHEN ended.state <> 'queued' THEN now() END
        FROM unnest(:ids, :at_attempts, :states, :attempts, :delays, :messages)
            AS ended (id, attempt, state, attempts, delay, message)
        WHERE jobs.id = ended.id AND jobs.state = 'running' AND jobs.attempts = ended.attempt
        RETURNING {_OF_JOBS}
        """
    ).bindparams(
        bindparam("ids", type_=ARRAY(Uuid)),
        bindparam("at_attempts", type_=ARRAY(Integer)),
        bindparam("states", type_=ARRAY(Text)),
        bindparam("attempts", type_=ARRAY(Integer)),
        bindparam("delays", type_=ARRAY(Double)),
        bindparam("messages", type_=ARRAY(Text)),
    )
)
PROGRESS = Statement(
    text(
        f"""
        UPDATE jobs SET done = told.done, total = told.total, words = told.words
        FROM unnest(:ids, :dones, :totals, :words) AS told (id, done, total, words)
        WHERE jobs.id = told.id AND state = 'running' AND instance = {_US}
        RETURNING {_OF_JOBS}
        """
    ).bindparams(
        bindparam("ids", type_=ARRAY(Uuid)),
        bindparam("dones", type_=ARRAY(BigInteger)),
        bindparam("totals", type_=ARRAY(BigInteger)),
        bindparam("words", type_=ARRAY(Text)),
    )
)
CANCEL = Statement(
    text(
        f"""
        UPDATE jobs SET state = 'cancelled', finished_at = now(), instance = NULL
        WHERE id = :id AND state IN ('queued', 'running')
        RETURNING {_COLUMNS}
        """
    ).bindparams(_ID)
)
REQUEUE = Statement(
    text(
        f"""
        UPDATE jobs
        SET state = 'queued', most_attempts = attempts + :more, run_at = now(), finished_at = NULL,
            done = 0, total = NULL, words = NULL
        WHERE id = :id AND state IN ('dead', 'cancelled') AND NOT EXISTS (
            SELECT FROM jobs AS other WHERE other.key = jobs.key AND other.state IN ('queued', 'running')
        )
        RETURNING {_COLUMNS}
        """
    ).bindparams(_ID, bindparam("more", type_=Integer))
)
GET = Statement(text(f"SELECT {_COLUMNS} FROM jobs WHERE id = :id").bindparams(_ID))
_NARROWED = """
    (:states IS NULL OR state = ANY (:states)) AND (:kinds IS NULL OR kind = ANY (:kinds))
    AND (:lanes IS NULL OR lane = ANY (:lanes)) AND (:requested_by IS NULL OR requested_by = :requested_by)
"""
_NARROWING = (
    bindparam("states", type_=ARRAY(Text)),
    _KINDS,
    bindparam("lanes", type_=ARRAY(Text)),
    bindparam("requested_by", type_=Uuid),
)
_SORTED = {
    JobOrder.CREATED_AT: "created_at, id",
    JobOrder.LATEST: "created_at DESC, id DESC",
    JobOrder.RUN_AT: "run_at, id",
    JobOrder.FINISHED_LATEST: "finished_at DESC NULLS LAST, id DESC",
}
PAGE = {
    order: Statement(
        text(f"SELECT {_COLUMNS} FROM jobs WHERE {_NARROWED} ORDER BY {by} LIMIT :limit OFFSET :offset").bindparams(
            *_NARROWING, bindparam("limit", type_=Integer), bindparam("offset", type_=Integer)
        )
    )
    for order, by in _SORTED.items()
}
COUNT = Statement(text(f"SELECT count(*) FROM jobs WHERE {_NARROWED}").bindparams(*_NARROWING))
SET_CLOCK_RIGHT = Statement(
    text(
        """
        UPDATE jobs
        SET run_at = now() + (run_at - coalesce(started_at, created_at)),
            started_at = least(started_at, now()), created_at = least(created_at, now())
        WHERE state = 'queued' AND coalesce(started_at, created_at) > now() + interval '1 minute'
        """
    )
)
FORGET = Statement(
    text(
        """
        DELETE FROM jobs
        WHERE finished_at < now() - make_interval(days => :days) OR (finished_at, id) <= (
            SELECT finished_at, id FROM jobs WHERE finished_at IS NOT NULL
            ORDER BY finished_at DESC, id DESC LIMIT 1 OFFSET :most
        )
        RETURNING id
        """
    ).bindparams(bindparam("days", type_=Integer), bindparam("most", type_=Integer))
)
