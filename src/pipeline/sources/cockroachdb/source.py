"""A CockroachDB database as the source of one job."""

from collections.abc import Sequence

from pipeline.sources.cockroachdb.following import CockroachFollowing
from pipeline.sources.cockroachdb.readiness import check_cluster
from pipeline.sources.dialects.engine import Database, connection
from pipeline.sources.dialects.followed import FollowedSource
from pipeline.sources.dialects.url import parse
from pipeline.sources.source import Finding, Table


class CockroachSource(FollowedSource):
    """Implements `pipeline.sources.source.Source`: rows and changes are read by rowstream's own reader. Nothing is made at the source."""

    def check_following(self, database: Database, tables: Sequence[Table]) -> list[Finding]:
        """Say what the cluster still lacks for a job that follows changes of these tables."""
        with connection(database) as opened:
            return check_cluster(opened, database, tables)

    def following(self, database: Database) -> CockroachFollowing:
        """How changes are followed."""
        return CockroachFollowing(database)


def open_source(source_type: str, url: str, user: str | None = None, password: str | None = None) -> CockroachSource:
    """The source database of a job; nothing is connected to yet. Raises `ConfigError` for a URL that cannot be read."""
    return CockroachSource(source_type, parse(source_type, url, user, password))
