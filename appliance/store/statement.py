"""SQL statements, compiled once."""

from typing import Any

from sqlalchemy import URL
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import CompilerElement

_DIALECT = URL.create("postgresql+asyncpg").get_dialect()()


class Statement:
    """A statement of SQLAlchemy Core, compiled when its module is imported, for parameters by position.

    What varies is a ``bindparam`` (or a column that ``insert(table)`` leaves open): its name is the one under which
    the value is given. Literal values are bound too. Lists are given as arrays, ``= ANY(:ids)``.

    Raises ``ValueError`` for what has no fixed text, an ``IN`` over a varying list, and for what would have to be
    computed at each run, a column default in Python.
    """

    __slots__ = ("_fixed", "_order", "parameters", "sql")

    sql: str
    """With ``$1``, ``$2``… and casts, as PostgreSQL wants it."""
    parameters: frozenset[str]
    """The names of the values to give."""

    def __init__(self, statement: CompilerElement) -> None:
        try:
            compiled = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
        except InvalidRequestError as error:
            msg = f"An IN over a varying list has no fixed text; give an array, = ANY(:list): {statement}"
            raise ValueError(msg) from error
        if not isinstance(compiled, SQLCompiler):
            msg = f"Only text() takes DDL: {statement}"
            raise ValueError(msg)  # noqa: TRY004 - the type is right, the kind of statement is not
        if compiled.insert_prefetch or compiled.update_prefetch:
            msg = f"A column default in Python would have to be computed at each run: {statement}"
            raise ValueError(msg)

        varying = {name for name, bind in compiled.binds.items() if bind.required}
        self.sql = str(compiled)
        self._order = tuple(compiled.positiontup or ())
        self.parameters = frozenset(varying.intersection(self._order))
        self._fixed = {name: compiled.params[name] for name in self._order if name not in self.parameters}

    def arguments(self, values: dict[str, Any]) -> list[Any]:
        """The values in the order of their positions. ``TypeError`` unless exactly ``parameters`` are given."""
        if values.keys() != self.parameters:
            missing = sorted(self.parameters - values.keys())
            unknown = sorted(values.keys() - self.parameters)
            msg = f"Missing values: {missing}; unknown values: {unknown}; in: {self.sql}"
            raise TypeError(msg)
        if self._fixed:
            values = self._fixed | values
        return [values[name] for name in self._order]
