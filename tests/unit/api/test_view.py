"""The job object tells what is known, in the contract's form, and nothing else."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema
from hypothesis import given
from hypothesis import strategies as st

from api.jobs.view import view
from api.openapi import openapi
from pipeline.jobs.job import Ask, Failure, Filter, Job, Outcome, Phase, ScanStatus, SnapshotTable, Statistics, TablePlan
from pipeline.jobs.updates import EventType, JobUpdate, LocationType, Stage
from pipeline.sources.source import Identity, Mode

PROMISE = jsonschema.Draft202012Validator(
    {"$ref": "#/components/schemas/Job", "components": openapi("127.0.0.1", 8278)["components"]}, format_checker=jsonschema.FormatChecker()
)
START = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOW = START + timedelta(seconds=90, milliseconds=900)


def job(**fields: Any) -> Job:
    """A job that has just been posted, but for `fields`."""
    posted = {
        "id": "a" * 24,
        "project_id": "shop",
        "source_type": "POSTGRESQL",
        "jdbc_url": "jdbc:postgresql://h/shop",
        "mongodb_url": "mongodb://h/shop",
        "target_database": "shop",
        "mode": Mode.CDC,
        "options": {"mode": "CDC", "dropCollections": False, "errorHandling": "FAIL"},
        "submitted_at": START,
    }
    return Job(**{**posted, **fields})


def plan(table: str, estimated: int | None) -> TablePlan:
    """A table of the job."""
    return TablePlan(
        schema_name="public",
        table=table,
        topic=f"t.{table}",
        collection=table,
        key=("id",),
        identity=Identity.KEY,
        estimated_rows=estimated,
    )


def shown(seen: Job, counts: Statistics | None = None, updates: list[JobUpdate] | None = None) -> dict[str, Any]:
    """The answer's body, which must have the form the API promises."""
    body: dict[str, Any] = json.loads(view(seen, counts, updates or [], NOW).json_text())
    PROMISE.validate(body)
    assert not _nulls(body)
    return body


def _nulls(node: Any) -> bool:
    if isinstance(node, dict):
        return any(_nulls(value) for value in node.values())
    return any(map(_nulls, node)) if isinstance(node, list) else node is None


def test_a_job_that_was_just_posted_shows_what_was_asked() -> None:
    assert shown(job(), Statistics()) == {
        "id": "a" * 24,
        "projectId": "shop",
        "status": "RUNNING",
        "cdcStatus": "NOT_STARTED",
        "options": {"mode": "CDC", "dropCollections": False, "errorHandling": "FAIL"},
        "jdbcConnectionString": "jdbc:postgresql://h/shop",
        "mongoDbConnectionString": "mongodb://h/shop",
        "submittedAt": "2026-01-01T12:00:00Z",
        "statistics": {"snapshotCompleted": False, "totalEventsSeen": 0, "totalEventSize": 0},
        "cdcStatistics": {"eventsInLastHour": 0, "eventsInLastMinute": 0, "totalEventsSeen": 0},
        "jobUpdates": [],
        "metadata": {"verificationRequested": False},
    }


def test_a_snapshot_under_way_counts_tables_and_rows() -> None:
    seen = job(
        phase=Phase.SNAPSHOTTING,
        started_at=START,
        tables=(plan("a", 10), plan("b", 20), plan("c", None), plan("d", 7)),
        snapshot_tables={"public.a": SnapshotTable(status=ScanStatus.DONE, rows=12), "public.b": SnapshotTable(status=ScanStatus.READING)},
    )
    assert shown(seen, Statistics(reads=15, bytes=4000))["statistics"] == {
        "startedAt": "2026-01-01T12:00:00Z",
        "elapsedSeconds": 90,
        "remainingTableCount": 3,
        "processingTables": ["public.b"],
        "totalEventsSeen": 15,
        "snapshotCompleted": False,
        "totalTableCount": 4,
        "totalEvents": 12 + 20 + 7,
        "totalEventSize": 4000,
    }


def test_a_snapshot_is_complete_when_it_is_written_and_not_when_it_is_read() -> None:
    tables = {
        "tables": (plan("a", 10),),
        "snapshot_tables": {"public.a": SnapshotTable(status=ScanStatus.DONE, rows=12)},
        "started_at": START,
    }
    read = shown(job(phase=Phase.SNAPSHOTTING, snapshot_ended=True, **tables))["statistics"]
    written = shown(job(phase=Phase.STREAMING, snapshot_ended=True, snapshot_completed_at=START + timedelta(seconds=5), **tables))[
        "statistics"
    ]
    assert (read["snapshotCompleted"], read["remainingTableCount"], read["elapsedSeconds"]) == (False, 0, 90)
    assert (written["snapshotCompleted"], written["remainingTableCount"], written["elapsedSeconds"]) == (True, 0, 5)


def test_a_job_that_only_follows_changes_has_no_table_left_to_read() -> None:
    statistics = shown(job(mode=Mode.CDC_ONLY, tables=(plan("a", 10),)), Statistics(creates=3))["statistics"]
    assert (statistics["remainingTableCount"], statistics["totalTableCount"], statistics["totalEvents"]) == (0, 1, 0)
    assert statistics["totalEventsSeen"] == 0


def test_changes_are_counted_apart_from_rows_read() -> None:
    counts = Statistics(
        reads=100, creates=4, updates=3, deletes=2, truncates=1, last_event_at=NOW, events_in_last_minute=5, events_in_last_hour=9
    )
    body = shown(job(phase=Phase.STREAMING, streaming_started_at=START), counts)
    assert body["cdcStatistics"] == {
        "startedAt": "2026-01-01T12:00:00Z",
        "lastEventTime": "2026-01-01T12:01:30.900000Z",
        "eventsInLastHour": 9,
        "eventsInLastMinute": 5,
        "totalEventsSeen": 10,
    }
    assert body["statistics"]["totalEventsSeen"] == 100


def test_a_snapshot_job_has_no_statistics_of_changes() -> None:
    assert "cdcStatistics" not in shown(job(mode=Mode.SNAPSHOT), Statistics(reads=1))


def test_counts_that_are_not_known_are_left_out_rather_than_zero() -> None:
    body = shown(job(phase=Phase.STREAMING, streaming_started_at=START, tables=(plan("a", 1),)))
    assert "totalEventsSeen" not in body["statistics"]
    assert body["cdcStatistics"] == {"startedAt": "2026-01-01T12:00:00Z"}


def test_a_failure_says_what_happened_and_what_to_do() -> None:
    failure = Failure(error_type="SOURCE", message="The slot is gone", failure_at=NOW, setup_error=True, suggestion="Post the job again")
    body = shown(job(phase=Phase.ENDED, outcome=Outcome.FAILED, failure=failure))
    assert body["status"] == "FAILED"
    assert body["failureError"] == {
        "errorType": "SOURCE",
        "message": "The slot is gone. Post the job again",
        "failureAt": "2026-01-01T12:01:30.900000Z",
        "setupError": True,
    }


def test_a_failure_that_ends_in_a_question_gets_no_second_mark() -> None:
    failure = Failure(error_type="SOURCE", message="Is it running?", failure_at=NOW, suggestion="See.")
    body = shown(job(phase=Phase.ENDED, outcome=Outcome.FAILED, failure=failure))
    assert body["failureError"]["message"] == "Is it running? See."


def test_updates_tell_their_place() -> None:
    table = JobUpdate(event_type=EventType.ERROR, message="m", timestamp=NOW, location_type=LocationType.TABLE, location_name="public.a")
    collection = table.model_copy(
        update={"location_type": LocationType.COLLECTION, "stage": Stage.STREAMING, "key": {"id": "1"}, "count": 3}
    )
    first, second = shown(job(), updates=[table, collection])["jobUpdates"]
    assert first["location"] == {"table": "public.a"}
    assert second["location"] == {"collection": "public.a"}
    assert (second["stage"], second["key"], second["count"], second["locationType"]) == ("STREAMING", {"id": "1"}, 3, "COLLECTION")


moments = st.none() | st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - `timezones` adds the zone


@given(
    mode=st.sampled_from(Mode),
    phase=st.sampled_from(Phase),
    outcome=st.none() | st.sampled_from(Outcome),
    ask=st.none() | st.sampled_from(Ask),
    times=st.tuples(moments, moments, moments, moments),
    estimates=st.lists(st.none() | st.integers(-1, 2**40), max_size=3),
    counts=st.none() | st.builds(Statistics, reads=st.integers(0, 2**62), last_event_at=moments),
)
def test_every_job_has_the_promised_form(
    mode: Mode, phase: Phase, outcome: Outcome | None, ask: Ask | None, times: tuple[Any, ...], estimates: list[int | None], counts: Any
) -> None:
    started_at, snapshot_completed_at, streaming_started_at, ended_at = times
    seen = job(
        mode=mode,
        phase=phase,
        outcome=outcome,
        ask=ask,
        started_at=started_at,
        snapshot_completed_at=snapshot_completed_at,
        streaming_started_at=streaming_started_at,
        ended_at=ended_at,
        tables=tuple(plan(f"t{number}", estimate) for number, estimate in enumerate(estimates)),
        atlas_metadata={"mongoDbProjectName": "x"},
    )
    body = shown(seen, counts)
    assert body["statistics"].get("elapsedSeconds", 0) >= 0
    assert body["statistics"].get("totalEvents", 0) >= 0


def test_the_filters_are_shown_as_they_were_posted() -> None:
    filters = (Filter(schema_name="public", table="a.b", where_clause="x = 1"), Filter(schema_name="public", table="c", row_count=0))
    assert shown(job(filters=filters), Statistics())["relationalTableFilters"] == {
        "public": {"a.b": {"whereClause": "x = 1"}, "c": {"rowCount": 0}}
    }
