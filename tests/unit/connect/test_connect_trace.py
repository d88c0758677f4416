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
        ("java.lang.IllegalStateException: something new\n" + FRAMES, "CONNECTOR", False),
        ("", "CONNECTOR", False),
    ],
)
def test_a_trace_is_told_by_its_cause(text: str, code: str, final: bool) -> None:
    reason = explain(text)
    assert (reason.code, reason.final) == (code, final)
    assert reason.cause
    assert "\tat " not in reason.cause


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
