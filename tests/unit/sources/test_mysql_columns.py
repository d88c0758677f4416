"""Which columns of MySQL and MariaDB are refused, or warned of."""

import pytest

from pipeline.sources.mysql.columns import check_columns
from pipeline.sources.mysql.flavour import Flavour
from pipeline.sources.source import Column, Identity, Mode, Severity, Table


@pytest.mark.parametrize(("key", "check", "severity"), [("id", "KEY_TYPE", Severity.ERROR), ("no", "DISTORTED_VALUE", Severity.WARNING)])
def test_uuids_that_the_log_cuts_are_no_key_of_a_job_that_streams(key: str, check: str, severity: Severity) -> None:
    columns = (Column("id", "uuid", nullable=False), Column("no", "int", nullable=False))
    table = Table("shop", "orders", columns, (key,), Identity.FULL)

    for mode in (Mode.CDC, Mode.CDC_ONLY):
        (finding,) = check_columns(table, Flavour.MARIADB, mode)
        assert (finding.check, finding.severity) == (check, severity)
    assert list(check_columns(table, Flavour.MARIADB, Mode.SNAPSHOT)) == []
