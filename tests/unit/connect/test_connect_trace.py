"""Stack traces of tasks, as Kafka Connect reports them, and what a user is told of them."""

import pytest

from pipeline.connect.trace import explain

FRAMES = "\tat io.debezium.pipeline.ErrorHandler.setProducerThrowable(ErrorHandler.java:52)\n\t... 5 more\n"
PRODUCER = (
    "org.apache.kafka.connect.errors.ConnectException: "
    "An exception occurred in the change event producer. This connector will be stopped.\n"
)


def trace(*causes: str) -> str:
    return PRODUCER + FRAMES + "".join(f"Caused by: {cause}\n{FRAMES}" for cause in causes)


@pytest.mark.parametrize(
    ("text", "code", "final"),
    [
        (
            "io.debezium.DebeziumException: The connector is trying to read change stream starting at PostgresOffsetContext [lsn=1], "
            "but this is no longer available on the server. Reconfigure the connector to use a snapshot mode when needed.\n" + FRAMES,
            "SLOT_LOST",
            True,
        ),
        (
            trace(
                "io.debezium.DebeziumException: Failed to start replication stream at LSN{0/1}",
                "org.postgresql.util.PSQLException: ERROR: requested WAL segment 000000010000000000000003 has already been removed",
            ),
            "SLOT_LOST",
            True,
        ),
        (
            trace('org.postgresql.util.PSQLException: ERROR: can no longer access replication slot "s"\n  Detail: It was invalidated'),
            "SLOT_LOST",
            True,
        ),
        (trace('org.postgresql.util.PSQLException: ERROR: publication "p" does not exist'), "PUBLICATION_GONE", True),
        (
            trace('org.postgresql.util.PSQLException: FATAL: password authentication failed for user "app"'),
            "SOURCE_LOGIN",
            False,
        ),
        (trace('org.postgresql.util.PSQLException: ERROR: replication slot "s" is active for PID 42'), "SLOT_IN_USE", False),
        (trace("org.postgresql.util.PSQLException: FATAL: terminating connection due to administrator command"), "SOURCE_AWAY", False),
        (trace("org.postgresql.util.PSQLException: ERROR: permission denied for table t"), "SOURCE_PRIVILEGE", False),
        (
            "org.apache.kafka.connect.errors.ConnectException: Unrecoverable exception from producer send callback\n"
            "Caused by: org.apache.kafka.common.errors.RecordTooLargeException: The message is 70000000 bytes "
            "when serialized which is larger than 1048576, which is the value of the max.request.size configuration.\n",
            "RECORD_TOO_LARGE",
            True,
        ),
        ("java.lang.OutOfMemoryError: Java heap space\n" + FRAMES, "OUT_OF_MEMORY", False),
        (
            trace(
                "org.apache.kafka.connect.errors.ConnectException: Error while processing event at offset {lsn=1}",
                "java.lang.NumberFormatException: x",
            ),
            "VALUE_NOT_CONVERTIBLE",
            True,
        ),
        ("org.apache.kafka.common.errors.TimeoutException: Expiring 3 record(s) for t-0: 120000 ms has passed\n", "KAFKA", False),
        (
            "io.debezium.DebeziumException: The connector is trying to read change stream starting at BinlogOffsetContext{sourceInfo=x}, "
            "but this is no longer available on the server. Reconfigure the connector to use a snapshot mode when needed.\n" + FRAMES,
            "BINLOG_LOST",
            True,
        ),
        (
            trace(
                "io.debezium.DebeziumException: Could not find GTID state requested by slave in any binlog files. Probably the slave state "
                "is too old and required binlog files have been purged. Error code: 1236; SQLSTATE: HY000."
            ),
            "BINLOG_LOST",
            True,
        ),
        (
            trace(
                "io.debezium.DebeziumException: A replica with the same server_uuid/server_id as this replica has connected to the source; "
                "the first event 'binlog.000001' at 4. Error code: 1236; SQLSTATE: HY000."
            ),
            "SERVER_ID_TAKEN",
            False,
        ),
        (
            trace(
                "io.debezium.DebeziumException: io.debezium.text.ParsingException: DDL statement couldn't be parsed. Please open a issue"
            ),
            "DDL_NOT_UNDERSTOOD",
            True,
        ),
        (
            trace(
                "io.debezium.DebeziumException: Failed to establish connection with the database: ",
                "java.sql.SQLException: Access denied for user 'app'@'10.0.0.1' (using password: YES)",
            ),
            "SOURCE_LOGIN",
            False,
        ),
        (
            trace("java.sql.SQLSyntaxErrorException: Access denied; you need (at least one of) the RELOAD privilege(s) for this operation"),
            "SOURCE_PRIVILEGE",
            False,
        ),
        ("java.lang.IllegalStateException: something new\n" + FRAMES, "CONNECTOR", False),
        ("", "CONNECTOR", False),
    ],
)
def test_a_trace_is_told_by_its_cause(text: str, code: str, final: bool) -> None:
    reason = explain(text)
    assert (reason.code, reason.final) == (code, final)
    assert reason.cause
    assert "\tat " not in reason.cause


@pytest.mark.parametrize(
    "cause",
    [
        "io.debezium.DebeziumException: Failed to read next byte from position 773",
        "io.debezium.DebeziumException: Failed to establish connection with the database: ",
        "com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link failure",
        "java.io.IOException: Failed to connect to MySQL on db:3306. Please make sure it's running.",
    ],
)
def test_that_mysql_is_away_is_an_outage_however_long_it_lasts(cause: str) -> None:
    assert explain(trace(cause)).outage


def test_the_cause_is_the_first_exception_that_says_something() -> None:
    reason = explain(trace("java.lang.IllegalStateException: the actual cause", "java.lang.RuntimeException: a detail"))
    assert reason.cause == "the actual cause"


def test_a_long_message_is_cut() -> None:
    assert len(explain("java.lang.IllegalStateException: " + "x" * 10_000).cause) < 600


def test_the_column_whose_value_could_not_be_converted_is_named() -> None:
    reason = explain(
        trace(
            "org.apache.kafka.connect.errors.ConnectException: Error while processing event at offset {lsn=1}",
            "io.debezium.DebeziumException: Failed to properly convert data value for 'public.t.moods' of type _mood",
        )
    )
    assert (reason.code, reason.final) == ("VALUE_NOT_CONVERTIBLE", True)
    assert reason.cause == "Failed to properly convert data value for 'public.t.moods' of type _mood"


@pytest.mark.parametrize(
    ("cause", "code", "final", "outage"),
    [
        (
            "io.debezium.DebeziumException: The connector is trying to read change stream starting at SqlServerOffsetContext [...], "
            "but this is no longer available on the server. Reconfigure the connector to use a snapshot mode when needed.",
            "LOG_LOST",
            True,
            False,
        ),
        (
            "io.debezium.DebeziumException: Online REDO LOG files or archive logs do not contain "
            "the offset scn 2122185.  Please perform a new snapshot.",
            "LOG_LOST",
            True,
            False,
        ),
        ("java.sql.SQLException: ORA-01555: snapshot too old: rollback segment number 9 too small", "SNAPSHOT_TOO_OLD", False, False),
        (
            "com.microsoft.sqlserver.jdbc.SQLServerException: Login failed for user 'app'. ClientConnectionId:1",
            "SOURCE_LOGIN",
            False,
            False,
        ),
        ("java.sql.SQLException: ORA-01017: invalid username/password; logon denied", "SOURCE_LOGIN", False, False),
        (
            "com.microsoft.sqlserver.jdbc.SQLServerException: The SELECT permission was denied on the object 'orders_CT', schema 'cdc'.",
            "SOURCE_PRIVILEGE",
            False,
            False,
        ),
        (
            "com.ibm.db2.jcc.am.SqlSyntaxErrorException: DB2 SQL Error: SQLCODE=-551, SQLSTATE=42501, SQLERRMC=APP;SELECT",
            "SOURCE_PRIVILEGE",
            False,
            False,
        ),
        (
            "com.microsoft.sqlserver.jdbc.SQLServerException: The TCP/IP connection to the host db, port 1433 has failed.",
            "SOURCE_AWAY",
            False,
            True,
        ),
        ("java.sql.SQLRecoverableException: ORA-03113: end-of-file on communication channel", "SOURCE_AWAY", False, True),
        (
            "com.ibm.db2.jcc.am.DisconnectNonTransientConnectionException: [jcc][t4] A communication error occurred. ERRORCODE=-4499",
            "SOURCE_AWAY",
            False,
            True,
        ),
    ],
)
def test_what_other_databases_say_is_understood(cause: str, code: str, final: bool, outage: bool) -> None:
    reason = explain(trace(cause))
    assert (reason.code, reason.final, reason.outage) == (code, final, outage)
