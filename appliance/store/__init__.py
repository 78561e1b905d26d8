"""The store room: PostgreSQL. Driver, tables, statements, migrations; one file per noun. All SQL lives here."""
