"""What YugabyteDB's catalogue tells of the tables that a job follows."""

from sqlalchemy import Connection, text

from pipeline.sources.queries import quoted

KEY = """
SELECT a.attname
  FROM pg_catalog.pg_index AS i
 CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (number, place)
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number
 WHERE i.indrelid = to_regclass(:name) AND i.indisprimary AND k.place <= i.indnkeyatts
 ORDER BY k.place
"""


def row_key(connection: Connection, schema: str, name: str) -> tuple[str, ...]:
    """The columns of the table's primary key, in its order; none where there is no such table."""
    return tuple(connection.execute(text(KEY), {"name": f"{quoted(schema)}.{quoted(name)}"}).scalars())
