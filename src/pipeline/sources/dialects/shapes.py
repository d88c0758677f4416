"""By what tables are told apart, and their columns known to be others, in catalogues that are PostgreSQL's."""

from sqlalchemy import Connection, select, text

from pipeline.sources.dialects.expressions import rows_of
from pipeline.sources.following import Place, Shape
from pipeline.sources.queries import quoted

SHAPE = """
SELECT CAST(c.oid AS TEXT), (SELECT CAST(indkey AS TEXT) FROM pg_catalog.pg_index WHERE indrelid = c.oid AND indisprimary)
  FROM pg_catalog.pg_class AS c WHERE c.oid = CAST(to_regclass(:name) AS OID) AND c.relkind IN ('r', 'p')
"""

NUMBERS = """
SELECT n.nspname, c.relname, CAST(c.oid AS TEXT)
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p')
"""


def shape(connection: Connection, place: Place) -> Shape | None:
    """What is another once the table's columns, or its key, are, and cheaper to ask for; None where there is no table of this name."""
    schema, name = place
    found = connection.execute(text(SHAPE), {"name": f"{quoted(schema)}.{quoted(name)}"}).one_or_none()
    if found is None:
        return None
    described = connection.execute(select(text("*")).select_from(rows_of(connection.dialect, schema, name, ())).limit(0)).cursor
    columns = () if described is None else tuple((each[0], str(each[1])) for each in described.description)
    return found[0], found[1], columns


def numbers(connection: Connection) -> dict[Place, str]:
    """The numbers by which the database knows its tables."""
    return {(schema, name): number for schema, name, number in connection.execute(text(NUMBERS))}
