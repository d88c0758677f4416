"""Hosts as Debezium takes them."""

import re

from pipeline.errors import ConfigError

_TAKEN = re.compile(r"[A-Za-z0-9._-]+")
"""Debezium's RelationalDatabaseConnectorConfig.HOSTNAME_PATTERN."""


def check_host(host: str, connector: str) -> None:
    """Raise `ConfigError` for a host that Debezium's connectors do not take: an IPv6 address above all."""
    if not _TAKEN.fullmatch(host):
        raise ConfigError(
            f"Debezium's {connector} connector does not take the host {host}: only letters, digits, dots, hyphens and underscores",
            suggestion="Give a host name that resolves to it.",
            code="HOST_NOT_SUPPORTED",
        )
