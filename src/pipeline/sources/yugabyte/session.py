"""Sessions with YugabyteDB that write: what a job makes there, and its markers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import Connection

from pipeline.sources.dialects.engine import Database, driver_connection, explain

WRITE = "SET default_transaction_read_only = off"


@contextmanager
def writing(database: Database) -> Iterator[Connection[Any]]:
    """
    A connection on which each statement is a transaction of its own; closed at the end.

    Raises as `pipeline.sources.dialects.engine.connection`.
    """
    driver = driver_connection(database)
    if not isinstance(driver, Connection):
        raise TypeError(f"{database.driver.name} is not psycopg")
    with driver:
        try:
            driver.autocommit = True
            driver.prepare_threshold = None  # a pooler may give every statement to another session
            driver.execute(WRITE)
            yield driver
        except psycopg.Error as error:
            raise explain(error, database, broken=driver.closed) from error
