"""What all tables have in common: one collection, the names of constraints, times of the database's clock."""

from sqlalchemy import Column, DateTime, MetaData, func, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: The default of what holds many, an array or an object: none.
NONE = text("'{}'")


def moment(name: str, *, nullable: bool = False) -> Column[object]:
    """A time, UTC. One that must be there is the transaction's, unless another is given."""
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=None if nullable else func.now())
