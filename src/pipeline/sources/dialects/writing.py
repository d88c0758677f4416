"""Sessions of psycopg's in which more is done than reading: what a job makes in its source, its markers, a changefeed."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
from psycopg import Connection

from pipeline.sources.dialects.engine import Database, driver_connection, explain

WRITE = "SET default_transaction_read_only = off"


@contextmanager
def writing(database: Database, *beginning: str) -> Iterator[Connection[Any]]:
    """
    A connection on which each statement is a transaction of its own, after the statements that it begins with; closed at the end.

    Raises as `pipeline.sources.dialects.engine.connection`, whatever psycopg raises meanwhile included.
    """
    with closing(driver_connection(database)) as driver:
        try:
            driver.autocommit = True
            driver.prepare_threshold = None  # a pooler may give every statement to another session
            for statement in (WRITE, *beginning):
                driver.execute(statement)
            yield driver
        except psycopg.Error as error:
            raise explain(error, database, broken=driver.closed) from error
