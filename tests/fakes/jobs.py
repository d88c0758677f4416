"""A job as the control database would keep it."""

from datetime import UTC, datetime
from typing import Any

from pipeline.jobs.job import Job
from pipeline.sources.source import Mode


def make_job(**fields: Any) -> Job:
    """A CDC job that has just been posted, but for `fields`."""
    posted = {
        "id": "65f000000000000000000001",
        "project_id": "p",
        "source_type": "POSTGRESQL",
        "jdbc_url": "jdbc:postgresql:shop",
        "mongodb_url": "mongodb://localhost/shop",
        "target_database": "shop",
        "mode": Mode.CDC,
        "options": {},
        "submitted_at": datetime.now(UTC),
    }
    return Job(**{**posted, **fields})
