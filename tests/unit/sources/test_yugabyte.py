"""YugabyteDB's JDBC URLs, moments and statements."""

import pytest
from tests.unit.sources.golden import OWNED

from pipeline.errors import ConfigError, SourceError
from pipeline.sources.dialects.engine import HISTORY_GONE, explain, open_database
from pipeline.sources.dialects.url import parse as address
from pipeline.sources.yugabyte import slot, wire
from pipeline.sources.yugabyte.feed import MARKER_SECONDS
from pipeline.sources.yugabyte.moments import CLOCKS_APART, COUNTER_BITS, milliseconds, moment_of
from pipeline.sources.yugabyte.url import parse


@pytest.mark.parametrize(
    ("url", "hosts", "database"),
    [
        ("jdbc:yugabytedb://db/shop", (("db", 5433),), "shop"),
        ("jdbc:yugabytedb://a:1,b/shop?load-balance=true", (("a", 1), ("b", 5433)), "shop"),
        ("jdbc:yugabytedb://[::1]/shop", (("::1", 5433),), "shop"),
        ("jdbc:yugabytedb:shop", (("localhost", 5433),), "shop"),
        ("jdbc:postgresql://db/shop", (("db", 5432),), "shop"),
        ("jdbc:postgresql://db:5433/shop", (("db", 5433),), "shop"),
    ],
)
def test_the_hosts_of_either_driver_are_read_with_its_own_default_port(url: str, hosts: tuple[tuple[str, int], ...], database: str) -> None:
    found = parse(url, "app")
    assert (found.hosts, found.database) == (hosts, database)


def test_properties_that_balance_connections_are_left_out() -> None:
    found = parse(
        "jdbc:yugabytedb://db/shop?load-balance=any&topology-keys=a.b.c&yb-servers-refresh-interval=5&fallback-to-topology-keys-only=true"
        "&failed-host-reconnect-delay-secs=5&socketTimeout=9&user=own&password=p",
    )
    assert found.options == {"socketTimeout": "9"}
    assert (found.user, found.password) == ("own", "p")


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("jdbc:mysql://db/shop", "must begin with jdbc:yugabytedb: or jdbc:postgresql:"),
        ("jdbc:yugabytedb://db:x/shop", "port 'x'"),
        ("jdbc:yugabytedb:/db/shop", "one slash before the host"),
        ("jdbc:yugabytedb://db/shop?sslfactory=x.Y", "sslfactory is not passed on"),
    ],
)
def test_what_the_drivers_would_not_take_is_refused_by_its_place(url: str, place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(url, "app")
    assert place in caught.value.message


def test_moments_are_texts_of_one_length_that_are_ordered_as_their_times() -> None:
    earlier, later = 1_764_000_000_000_000 << COUNTER_BITS, 1_764_000_000_000_001 << COUNTER_BITS | 7
    assert moment_of(earlier) < moment_of(later)
    assert len(moment_of(0)) == len(moment_of(later)) == len(moment_of(2_200_000_000_000_000 << COUNTER_BITS))
    assert milliseconds(moment_of(later)) == 1_764_000_000_000


def test_markers_are_further_apart_than_clocks_may_mislead() -> None:
    assert MARKER_SECONDS * 1_000_000 * (1 << COUNTER_BITS) >= 2 * CLOCKS_APART


def test_a_publication_has_the_jobs_tables_and_no_options() -> None:
    made = slot.publication(OWNED, [("public", "orders"), ("S p", 'o"dd')]).as_string()
    assert made == 'CREATE PUBLICATION "rowstream_0123456789abcdef01234567_g2" FOR TABLE "public"."orders", "S p"."o""dd"'


def test_a_marker_replaces_the_one_before() -> None:
    assert slot.marking(("public", "m")).as_string() == (
        'INSERT INTO "public"."m" VALUES (1, %s) ON CONFLICT (writer) DO UPDATE SET moment = excluded.moment'
    )


def test_a_stream_begins_where_the_slot_may_forget() -> None:
    assert wire.statement("a_slot", "a'publication") == (
        """START_REPLICATION SLOT "a_slot" LOGICAL 0/0 (proto_version '1', publication_names '"a''publication"')"""
    )


def test_what_is_to_be_dropped_by_hand_goes_in_the_order_in_which_it_can() -> None:
    name = "rowstream_0123456789abcdef01234567_g2"
    assert slot.drop_statements(OWNED) == [
        f"SELECT pg_drop_replication_slot('{name}');",
        f'DROP PUBLICATION IF EXISTS "{name}";',
        f'DROP TABLE IF EXISTS "{name}";',
    ]
    assert slot.MARKER_NAME.fullmatch(name)
    assert not slot.MARKER_NAME.fullmatch("rowstream_orders_g2")


def test_a_past_that_is_forgotten_is_told_with_the_flag_that_keeps_it() -> None:
    database = open_database("YUGABYTE", address("YUGABYTE", "jdbc:yugabytedb://h/shop", "app", "x"))
    told = explain(SourceError("Snapshot too old. Read point: { physical: 1 }, earliest read time allowed: { physical: 2 }"), database)
    assert (type(told), told.code) == (ConfigError, HISTORY_GONE)
    assert "timestamp_history_retention_interval_sec" in str(told.suggestion)
