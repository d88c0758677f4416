"""Requests of `POST /jobs`."""

from typing import Any

from tests.e2e.harness.source import SourceDatabase


def job_request(source: SourceDatabase, mongodb_url: str, mode: str, *, project: str | None = None, **changes: Any) -> dict[str, Any]:
    """A request to move a source into the database that the MongoDB URL names; `changes` replace members of jdbcConnectionDetails."""
    return {
        "projectId": project or source.name.replace("_", "-"),
        "jdbcConnectionDetails": {
            "type": "POSTGRESQL",
            "url": source.jdbc_url,
            "user": source.role,
            "password": source.password,
            **changes,
        },
        "mongodbConnectionDetails": {"connectionString": mongodb_url},
        "options": {"mode": mode},
        "verification": {"enabled": False},
    }


def with_database(url: str, database: str) -> str:
    """A MongoDB connection string that names this database."""
    server, _, options = url.partition("?")
    return f"{server}{database}?{options}" if options else f"{server}{database}"


def snapshot_request(source_type: str, url: str, mongodb_url: str, **details: Any) -> dict[str, Any]:
    """A request to take a snapshot of any database; `details` are further members of jdbcConnectionDetails."""
    return {
        "projectId": mongodb_url.rpartition("/")[2].partition("?")[0].replace("_", "-"),
        "jdbcConnectionDetails": {"type": source_type, "url": url, **details},
        "mongodbConnectionDetails": {"connectionString": mongodb_url},
        "options": {"mode": "SNAPSHOT"},
        "verification": {"enabled": False},
    }


def own_reader_request(source: SourceDatabase, mongodb_url: str) -> dict[str, Any]:
    """A request to have a PostgreSQL source read by rowstream's own reader."""
    url = source.jdbc_url.replace("jdbc:postgresql:", "postgresql+psycopg:")
    return snapshot_request("postgresql+psycopg", url, mongodb_url, user=source.role, password=source.password)
