"""From a failed task's stack trace to what went wrong and what to do about it."""

import re
from dataclasses import dataclass

LONGEST_CAUSE = 500

WRAPPERS = re.compile(
    r"An exception occurred in the change event producer"
    r"|Tolerance exceeded in error handler"
    r"|Unrecoverable exception"
    r"|Failed to start replication stream"
    r"|java\.util\.concurrent\.(Completion|Execution)Exception"
    r"|^[\w.$]+Exception: [\w.$]+Exception: "
)
"""Lines that only say that something below them failed."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a task failed. `final`: starting it again cannot help; `outage`: it will help once a server is back, however late."""

    code: str
    cause: str
    suggestion: str | None = None
    final: bool = False
    outage: bool = False


@dataclass(frozen=True, slots=True)
class _Known:
    pattern: re.Pattern[str]
    code: str
    suggestion: str
    final: bool = False
    cause: str | None = None
    outage: bool = False


def _known(pattern: str, code: str, suggestion: str, *, final: bool = False, cause: str | None = None, outage: bool = False) -> _Known:
    return _Known(re.compile(pattern, re.IGNORECASE), code, suggestion, final, cause, outage)


SNAPSHOT_AGAIN = "Post the job again with a snapshot."
VALUE_AGAIN = "The connector would meet the value again: change it or its column's type at the source, or leave the table out."
BROKERS = "See whether the Kafka brokers are well."

KNOWN = (
    _known(
        r"this is no longer available on the server|requested WAL segment .* has already been removed"
        r"|can no longer (?:get changes from|access) replication slot|slot .* (?:has been|was) invalidated"
        r"|replication slot .* does not exist",
        "SLOT_LOST",
        f"{SNAPSHOT_AGAIN} If the server gave the slot up, raise max_slot_wal_keep_size.",
        final=True,
        cause="the replication slot, or the log that it needs, is gone from the server",
    ),
    _known(r"publication .* does not exist|Publication autocreation is disabled", "PUBLICATION_GONE", SNAPSHOT_AGAIN, final=True),
    _known(
        r"RecordTooLargeException|larger than .*max\.request\.size|larger than the (?:maximum request size|total memory buffer)",
        "RECORD_TOO_LARGE",
        "Raise message.max.bytes of the brokers, and producer.max.request.size and producer.buffer.memory of Kafka Connect.",
        final=True,
    ),
    _known(
        r"OutOfMemoryError|Java heap space",
        "OUT_OF_MEMORY",
        "Give Kafka Connect a larger heap (KAFKA_HEAP_OPTS).",
    ),
    _known(
        r"Failed to properly convert data value",
        "VALUE_NOT_CONVERTIBLE",
        VALUE_AGAIN,
        final=True,
    ),
    _known(
        r"Error while processing event|DataException|cannot be converted|Unexpected value for JDBC type|unable to convert",
        "VALUE_NOT_CONVERTIBLE",
        VALUE_AGAIN,
        final=True,
    ),
    _known(
        r"password authentication failed|no pg_hba\.conf entry|role .* (?:does not exist|is not permitted to log in)",
        "SOURCE_LOGIN",
        "Restore the password, role or pg_hba.conf entry that the job was posted with, or post the job again.",
    ),
    _known(
        r"permission denied|must be (?:superuser|owner)|only roles with the REPLICATION attribute",
        "SOURCE_PRIVILEGE",
        "Grant the user what is missing; docs/sources/postgresql.md has the SQL.",
    ),
    _known(
        r"replication slot .* is active",
        "SLOT_IN_USE",
        "Another session reads the slot; the server ends dead ones after wal_sender_timeout.",
    ),
    _known(
        r"Topic .* not present in metadata|UnknownTopicOrPartition",
        "TOPIC_MISSING",
        "Somebody deleted a topic of the job: post it again.",
        final=True,
    ),
    _known(
        r"errors\.(Timeout|Network|Disconnect|NotLeaderOrFollower|LeaderNotAvailable|BrokerNotAvailable|NotEnoughReplicas\w*"
        r"|CoordinatorNotAvailable|CoordinatorLoadInProgress|NotCoordinator|ConcurrentTransactions|NotController)Exception",
        "KAFKA",
        BROKERS,
        outage=True,
    ),
    _known(
        r"org\.apache\.kafka\.common\.errors\.|Failed to (?:commit|flush|send) |producer .* fenced|ProducerFenced",
        "KAFKA",
        BROKERS,
    ),
    _known(
        r"Connection to .* refused|connection attempt failed|terminating connection|database system is|UnknownHostException|SocketException"
        r"|SocketTimeoutException|connection has been closed|I/O error occurred",
        "SOURCE_AWAY",
        "See whether the source database runs and Kafka Connect reaches it.",
        outage=True,
    ),
)


def explain(trace: str) -> Reason:
    """
    The cause in a Java stack trace: the first exception of the chain that says more than that another failed.

    A trace that no rule knows gives the code CONNECTOR.
    """
    chain = _chain(trace)
    telling = [line for line in chain if not WRAPPERS.search(line)] or chain
    for known in KNOWN:
        for line in telling:
            if known.pattern.search(line):
                return Reason(known.code, known.cause or _words(line), known.suggestion, known.final, known.outage)
    return Reason("CONNECTOR", _words(telling[0]) if telling else "it said nothing of the cause")


def _chain(trace: str) -> list[str]:
    """The exceptions of the chain, outermost first, each with its message on one line."""
    chain: list[str] = []
    for line in trace.splitlines():
        text = line.strip()
        if re.match(r"(at |\.\.\. \d+ more|Suppressed:)", text) or not text:
            continue
        if text.startswith("Caused by: ") or not chain:
            chain.append(text.removeprefix("Caused by: "))
        else:
            chain[-1] += f" {text}"
    return chain


def _words(line: str) -> str:
    """What an exception says, without its class where it says anything."""
    match = re.match(r"[\w.$]+(?:Exception|Error): (.+)", line)
    words = match[1] if match else line
    return words if len(words) <= LONGEST_CAUSE else f"{words[:LONGEST_CAUSE]}..."
