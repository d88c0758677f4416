"""The configuration of the MySQL and MariaDB connectors: a job in, the whole configuration out, compared with a reviewed file."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.unit.sources.golden import OWNED, assert_reviewed, filtered

from pipeline.errors import ConfigError
from pipeline.jobs.names import ownership
from pipeline.sources.mysql.connector import connector_config, server_id
from pipeline.sources.mysql.flavour import Flavour, flavour_of, version_number
from pipeline.sources.mysql.selects import snapshot_selects
from pipeline.sources.mysql.tls import TlsMode
from pipeline.sources.mysql.url import parse
from pipeline.sources.overrides import OVERRIDES
from pipeline.sources.source import Column, Identity, Mode, Table

ID = Column("id", "int", nullable=False)
FLOAT = Column("how much", "float", nullable=True)

TABLES = [
    Table("shop", "orders", (ID, FLOAT, Column("made", "datetime", nullable=False)), ("id",), Identity.FULL, 100),
    Table("shop", "Order Lines, old", (ID, Column("line no", "int", nullable=False), FLOAT), ("id", "line no"), Identity.FULL),
    Table("archive", "notes", (Column("text", "text", nullable=True),), (), Identity.FULL),
]

NARROWED = [replace(filtered(TABLES[0], "MYSQL", "id <> 3"), row_count=10), *TABLES[1:]]


def configured(
    mode: Mode, flavour: Flavour, url: str = "jdbc:mysql://db:3307/?socketTimeout=90000", tables: Sequence[Table] = TABLES
) -> dict[str, str]:
    parsed = parse(url, "app", "hunter2")
    return connector_config(
        mode,
        OWNED,
        tables,
        url=parsed,
        host=parsed.hosts[0],
        flavour=flavour,
        tls_mode=TlsMode.REQUIRED,
        zero_dates="(?-i)shop\\.orders\\.made" if flavour is Flavour.MYSQL else "",
        password="${secrets:/s/c:password}",
        kafka="kafka:9092",
    )


@pytest.mark.parametrize("flavour", list(Flavour))
@pytest.mark.parametrize("mode", list(Mode))
def test_the_whole_configuration_is_the_reviewed_one(mode: Mode, flavour: Flavour) -> None:
    assert_reviewed(configured(mode, flavour), f"{flavour.lower()}_{mode.lower()}")
    assert_reviewed(configured(mode, flavour, tables=NARROWED), f"{flavour.lower()}_{mode.lower()}_filters")


def test_each_generation_has_a_server_id_of_its_own_which_stays() -> None:
    ids = [server_id(ownership(f"{number:024x}", generation)) for number in range(300) for generation in (1, 2)]
    assert len(set(ids)) == len(ids)
    assert all(2**31 <= number < 2**32 for number in ids)
    assert server_id(OWNED) == server_id(ownership("0123456789abcdef01234567", 2))


def test_a_table_that_debezium_cannot_be_told_of_keeps_its_own_select() -> None:
    assert snapshot_selects([TABLES[1]]) == {}
    assert snapshot_selects(TABLES) == {
        OVERRIDES: "shop.orders",
        f"{OVERRIDES}.shop.orders": "SELECT t.*, t.`how much` + 0e0 AS `how much` FROM `shop`.`orders` AS t",
    }


@pytest.mark.parametrize("query", ["user=%24%7Bsecrets:/s/other:password%7D", "x=%24%7Bfile:/etc/x:y%7D"])
def test_a_users_text_cannot_name_a_secret_of_another_job(query: str) -> None:
    parsed = parse(f"jdbc:mysql://db/shop?{query}&user=app" if query.startswith("x") else f"jdbc:mysql://db/shop?{query}")
    with pytest.raises(ConfigError, match="Kafka Connect would replace"):
        connector_config(
            Mode.CDC,
            OWNED,
            TABLES,
            url=parsed,
            host=parsed.hosts[0],
            flavour=Flavour.MYSQL,
            tls_mode=TlsMode.DISABLED,
            zero_dates="",
            password=None,
            kafka="kafka:9092",
        )


def test_what_debezium_cannot_reach_is_refused() -> None:
    with pytest.raises(ConfigError, match="does not take the host ::1"):
        configured(Mode.CDC, Flavour.MYSQL, "jdbc:mysql://[::1]/shop")


@pytest.mark.parametrize(
    ("version", "flavour", "numbers"),
    [
        ("9.7.4-2", Flavour.MYSQL, (9, 7, 4)),
        ("8.0.36", Flavour.MYSQL, (8, 0, 36)),
        ("10.11.18-MariaDB-0+deb12u1-log", Flavour.MARIADB, (10, 11, 18)),
        ("5.5.5-10.6.1-MariaDB", Flavour.MARIADB, (10, 6, 1)),
    ],
)
def test_the_servers_version_tells_what_it_is(version: str, flavour: Flavour, numbers: tuple[int, ...]) -> None:
    assert (flavour_of(version), version_number(version)) == (flavour, numbers)
