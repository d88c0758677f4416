"""
Moments of YugabyteDB's hybrid clock: microseconds since 1970, and behind them twelve bits of a counter.

How rows are read as they were: YugabyteDB's documentation, "Advanced topics" of logical replication ("Initial snapshot", "Permissions").
"""

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

COUNTER_BITS = 12
DIGITS = 19

CLOCKS_APART = 500_000 << COUNTER_BITS
"""By how much the clocks of a cluster's nodes may differ (`max_clock_skew_usec`): as much later may be what was committed before."""

NOW = "SELECT yb_get_current_hybrid_time_lsn()"

BACK = ("SET yb_read_time TO 0", "SET yb_disable_catalog_version_check = true", "SET yb_read_time TO '{} ht'")
CALLS = ("CALL set_yb_read_time('{} ht')", "CALL disable_catalog_version_check()")
"""What who is no superuser calls instead, as the first statements of each transaction: a superuser has made both procedures."""


def moment_of(hybrid_time: int) -> str:
    """The moment as the reader knows it."""
    return f"{hybrid_time:0{DIGITS}d}"


def milliseconds(moment: str) -> int:
    """The moment in milliseconds since 1970."""
    return (int(moment) >> COUNTER_BITS) // 1000


def look_back(opened: Connection, moment: str) -> None:
    """Have the next transaction of the connection, which is in none, read the rows as they were at the moment; those after it may, too."""
    driver = opened.connection.driver_connection
    if driver is None:
        raise TypeError("the connection is closed")
    if driver.info.parameter_status("is_superuser") != "on":
        for call in CALLS:
            opened.exec_driver_sql(call.format(moment))
        return
    driver.autocommit = True  # a transaction that has begun has its time
    for statement in BACK:
        try:
            driver.execute(statement.format(moment))
        except opened.dialect.loaded_dbapi.Error as error:
            raise DBAPIError(statement, None, error, connection_invalidated=driver.closed) from error
    driver.autocommit = False
