"""The configuration of Debezium's MySQL and MariaDB connectors."""

import zlib
from collections.abc import Sequence

from pipeline.connect.secrets import refuse_references
from pipeline.connect.signals import signal_config
from pipeline.sources import patterns
from pipeline.sources.configuration import common_config, password_config
from pipeline.sources.history import history_config
from pipeline.sources.hosts import check_host
from pipeline.sources.mysql.authority import Host
from pipeline.sources.mysql.flavour import Flavour
from pipeline.sources.mysql.selects import snapshot_selects
from pipeline.sources.mysql.tls import Tls, TlsMode
from pipeline.sources.mysql.url import MySqlUrl
from pipeline.sources.mysql.zero_dates import converter_config
from pipeline.sources.source import Mode, Ownership, Table

NAMED_TYPES = ("DECIMAL", "NUMERIC", "FIXED", "DEC", "UUID", "TIMESTAMP")
"""The types that the events have to name, since their schema does not tell enough: decimals and UUIDs are strings in it."""

TLS_MODES = {
    Flavour.MYSQL: {mode: mode.value.lower() for mode in TlsMode},
    Flavour.MARIADB: {
        TlsMode.DISABLED: "disable",
        TlsMode.REQUIRED: "trust",
        TlsMode.VERIFY_CA: "verify-ca",
        TlsMode.VERIFY_IDENTITY: "verify-full",
    },
}
"""The values of database.ssl.mode."""


def connector_config(
    mode: Mode,
    owned: Ownership,
    tables: Sequence[Table],
    *,
    url: MySqlUrl,
    host: Host,
    flavour: Flavour,
    tls_mode: TlsMode,
    zero_dates: str,
    password: str | None,
    kafka: str,
) -> dict[str, str]:
    """
    Build the whole configuration.

    `host` is the one of the URL's hosts that answers, `tls_mode` what the URL asks for, or what
    came of it where it leaves that open; `zero_dates` selects the columns that may hold such dates
    and no null (see `pipeline.sources.mysql.zero_dates`); `kafka` are Kafka's addresses.
    """
    config = common_config(flavour.constants, mode, owned, tables) | _connection(url, host) | password_config(password)
    config |= {
        "database.include.list": ",".join(f"(?-i){patterns.quote(name)}" for name in dict.fromkeys(table.schema for table in tables)),
        "datatype.propagate.source.type": rf"(?-i).+\.({'|'.join(NAMED_TYPES)})\b.*",
        "database.server.id": str(server_id(owned)),
        "database.ssl.mode": TLS_MODES[flavour][tls_mode],
        **history_config(owned, kafka),
    }
    config |= converter_config(zero_dates)
    if mode.snapshots:
        config |= snapshot_selects(tables)
    return config | signal_config(owned, kafka) if mode.streams else config


def server_id(owned: Ownership) -> int:
    """The number under which the connector joins the replicas of the server: the same for a generation at all times, and no other's."""
    return 2**31 + zlib.crc32(owned.connector.encode()) % 2**31


def _connection(url: MySqlUrl, host: Host) -> dict[str, str]:
    check_host(host.name, "MySQL")
    config = {
        "database.hostname": host.name,
        "database.port": str(host.port),
        "database.user": url.user,
        "connect.timeout.ms": str(round((url.connect_timeout_seconds or 10) * 1000)),
        **_trust_store(url.tls),
        **{f"driver.{name}": value for name, value in url.options.items()},
    }
    refuse_references(config)
    return config


def _trust_store(tls: Tls) -> dict[str, str]:
    config = {}
    if tls.trust_store:
        config["database.ssl.truststore"] = tls.trust_store
    if tls.trust_store_password:
        config["database.ssl.truststore.password"] = tls.trust_store_password
    return config
