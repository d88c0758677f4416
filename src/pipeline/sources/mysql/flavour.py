"""What differs between MySQL and MariaDB, as far as a job has to know."""

from enum import StrEnum


class Flavour(StrEnum):
    """The server's kind: each has a Debezium connector of its own; printed as people write it."""

    MYSQL = "MySQL"
    MARIADB = "MariaDB"

    @property
    def connector_class(self) -> str:
        """The class of Debezium's connector."""
        return "io.debezium.connector.mysql.MySqlConnector" if self is Flavour.MYSQL else "io.debezium.connector.mariadb.MariaDbConnector"

    @property
    def constants(self) -> str:
        """The name of the connector's constants in `connector_configs/`."""
        return self.value.lower()


def flavour_of(version: str) -> Flavour:
    """The kind of the server that says so of its version (`9.7.4`, `10.11.18-MariaDB-log`)."""
    return Flavour.MARIADB if "mariadb" in version.lower() else Flavour.MYSQL


def version_number(version: str) -> tuple[int, ...]:
    """The numbers of a version: `10.11.18-MariaDB-log` is (10, 11, 18). MariaDB used to put `5.5.5-` before its own."""
    text = version.removeprefix("5.5.5-") if flavour_of(version) is Flavour.MARIADB else version
    return tuple(int(part) for part in text.partition("-")[0].split(".") if part.isdigit())
