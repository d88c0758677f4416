"""Which custom types there are, and what reads them."""

import pytest

from pipeline.errors import ConfigError
from pipeline.sources.dialects.names import Driver, driver_of, is_dialect, known_dialects, load_driver
from pipeline.sources.registry import check_mode, check_type, has_own_reader
from pipeline.sources.source import Mode


@pytest.mark.parametrize(
    "source_type", ["sqlite", "duckdb", "mariadb", "mssql", "mssql+pyodbc", "postgresql+psycopg", "mysql+pymysql", "cockroachdb+psycopg"]
)
def test_a_dialect_of_sqlalchemy_is_a_custom_type(source_type: str) -> None:
    check_type(source_type)
    assert has_own_reader(source_type)


@pytest.mark.parametrize("source_type", ["", "foxpro", "SQLITE", "sqlite+nothing", "a.b", "sqlite+x;y", "../sqlite", "sybase", "mysql"])
def test_anything_else_is_none(source_type: str) -> None:
    with pytest.raises(ConfigError):
        check_type(source_type)


def test_a_dialect_in_capitals_is_told_how_it_is_written() -> None:
    with pytest.raises(ConfigError, match=r"^is written duckdb$"):
        check_type("DUCKDB")


def test_those_that_are_known_are_told_without_those_of_the_contract() -> None:
    assert {"sqlite", "duckdb", "mariadb"} <= set(known_dialects())
    assert not {"sybase", "sqlalchemy_sqlany"} & set(known_dialects())
    assert all(is_dialect(name) for name in known_dialects())


@pytest.mark.parametrize("source_type", ["SYBASE", "SYBASEIQ", "SQLANYWHERE", "sqlite"])
def test_changes_are_followed_where_somebody_tells_them(source_type: str) -> None:
    check_mode(source_type, Mode.SNAPSHOT)
    for told in ("POSTGRESQL", "COCKROACHDB", "YUGABYTE"):
        check_mode(told, Mode.CDC)
    for mode in (Mode.CDC, Mode.CDC_ONLY):
        with pytest.raises(ConfigError, match="Use SNAPSHOT"):
            check_mode(source_type, mode)


def test_a_driver_that_cannot_be_loaded_is_told_with_its_extra_and_its_library() -> None:
    with pytest.raises(ConfigError) as refused:
        load_driver(Driver("nothing+here", "sybase", "unixODBC"))
    assert refused.value.code == "DRIVER_MISSING"
    assert refused.value.suggestion == "Install rowstream[sybase] where the service runs. The driver also needs unixODBC."


def test_a_type_may_name_its_driver() -> None:
    assert driver_of("sqlite").name == "sqlite"
    assert driver_of("mariadb").name == "mariadb+pymysql"
    assert driver_of("mssql+pymssql") == Driver("mssql+pymssql")
