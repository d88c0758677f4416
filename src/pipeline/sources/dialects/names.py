"""Which SQLAlchemy dialect reads which database type, and the packages that it takes."""

from dataclasses import dataclass
from importlib.metadata import entry_points
from inspect import ismethod
from types import ModuleType
from typing import cast

from sqlalchemy.dialects import registry
from sqlalchemy.engine.url import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from pipeline.errors import ConfigError

BUILT_IN = ("mariadb", "mssql", "mysql", "oracle", "postgresql", "sqlite")
"""Dialects that SQLAlchemy itself has."""


@dataclass(frozen=True, slots=True)
class Driver:
    """
    How SQLAlchemy reaches a database: the dialect (with its driver), and rowstream's extra that installs both.

    `library` is what the driver needs of the system beside Python packages.
    """

    name: str
    extra: str | None = None
    library: str | None = None


VENDORS = {
    "SYBASE": Driver("sybase+pyodbc", "sybase", "unixODBC and FreeTDS's ODBC driver (Debian: unixodbc tdsodbc)"),
    "SYBASEIQ": Driver("sqlalchemy_sqlany", "sqlanywhere", "SQL Anywhere's client (libdbcapi_r.so; SQLANY_API_DLL names it)"),
    "SQLANYWHERE": Driver("sqlalchemy_sqlany", "sqlanywhere", "SQL Anywhere's client (libdbcapi_r.so; SQLANY_API_DLL names it)"),
    "COCKROACHDB": Driver("cockroachdb+psycopg", "cockroachdb"),
    "YUGABYTE": Driver("postgresql+psycopg"),
}
"""The types of the contract that no connector reads for rowstream."""

VENDORS_ALONE = ("sybase", "sqlalchemy_sqlany")
"""Dialects that are read by the contract's names only."""

DRIVERS = {
    "duckdb": Driver("duckdb", "duckdb"),
    "mariadb": Driver("mariadb+pymysql"),
    "mysql": Driver("mysql+pymysql"),
    "postgresql": Driver("postgresql+psycopg"),
    "sqlite": Driver("sqlite"),
}
"""The drivers that rowstream chooses where a custom type names a dialect alone."""


def driver_of(source_type: str) -> Driver:
    """
    Return what reads databases of this type: one of `VENDORS`, or the name of a SQLAlchemy dialect.

    Raises:
        ConfigError: There is no such dialect here.
    """
    if source_type in VENDORS:
        return VENDORS[source_type]
    dialect, _, chosen = source_type.partition("+")
    default = DRIVERS.get(dialect, Driver(source_type))
    return Driver(source_type, default.extra if source_type == default.name else None) if chosen else default


def is_dialect(source_type: str) -> bool:
    """Whether a custom type names a SQLAlchemy dialect that is known here, installed or to be installed by an extra."""
    if source_type in DRIVERS or source_type in {driver.name for driver in DRIVERS.values()}:
        return True
    dialect = source_type.partition("+")[0]
    return dialect.isidentifier() and dialect not in VENDORS_ALONE and _is_registered(source_type)


def known_dialects() -> list[str]:
    """Name the dialects that may be custom types, those of other packages included."""
    others = {point.name.partition(".")[0] for point in entry_points(group="sqlalchemy.dialects")}
    return sorted({*BUILT_IN, *DRIVERS, *others} - {*VENDORS_ALONE})


def load_driver(driver: Driver) -> ModuleType:
    """
    Return the driver's module once it and the dialect can be imported.

    Raises:
        ConfigError: They cannot; the message says what is to be installed.
    """
    try:
        dialect = make_url(f"{driver.name}://").get_dialect()
        own = getattr(dialect, "dbapi", None)  # what SQLAlchemy 1 called it; SQL Anywhere's dialect has nothing else
        return cast(ModuleType, own() if ismethod(own) else dialect.import_dbapi())
    except (ImportError, NoSuchModuleError, ArgumentError) as error:
        raise ConfigError(
            f"the driver of {driver.name} cannot be loaded: {error}", suggestion=remedy(driver), code="DRIVER_MISSING"
        ) from error


def remedy(driver: Driver) -> str:
    """What is to be installed for the driver."""
    steps = []
    if driver.extra is not None:
        steps.append(f"Install rowstream[{driver.extra}] where the service runs.")
    if driver.library is not None:
        steps.append(f"The driver also needs {driver.library}.")
    return " ".join(steps) or f"Install the Python packages of the SQLAlchemy dialect {driver.name} where the service runs."


def _is_registered(name: str) -> bool:
    try:
        registry.load(name.replace("+", "."))
    except (NoSuchModuleError, ImportError):
        return False
    return True
