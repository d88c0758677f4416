"""What SHOW GRANTS of MySQL and of MariaDB means."""

import pytest

from pipeline.sources.mysql.privileges import Privileges, granted


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (["GRANT USAGE ON *.* TO `u`@`%`"], {"USAGE"}),
        (["GRANT SELECT, RELOAD, REPLICATION SLAVE ON *.* TO `u`@`%`"], {"SELECT", "RELOAD", "REPLICATION SLAVE"}),
        (["GRANT SELECT, LOCK TABLES ON `shop`.* TO `u`@`%`", "GRANT `role`@`%` TO `u`@`%`"], set()),
        (["GRANT SELECT (`a`, `b`), INSERT ON *.* TO `u`@`%`"], {"SELECT", "INSERT"}),
        (["GRANT ALL PRIVILEGES ON *.* TO 'u'@'%' IDENTIFIED BY PASSWORD '*D8' WITH GRANT OPTION"], {"ALL PRIVILEGES"}),
        (
            ["GRANT RELOAD ON *.* TO `u`@`%`", "GRANT FLUSH_TABLES,BACKUP_ADMIN ON *.* TO `u`@`%`"],
            {"RELOAD", "FLUSH_TABLES", "BACKUP_ADMIN"},
        ),
    ],
)
def test_privileges_on_everything_are_read(lines: list[str], names: set[str]) -> None:
    assert granted(lines) == names


@pytest.mark.parametrize(
    ("names", "wanted", "has"),
    [
        ({"RELOAD"}, "RELOAD", True),
        ({"FLUSH_TABLES"}, "RELOAD", True),
        ({"BINLOG MONITOR"}, "REPLICATION CLIENT", True),
        ({"ALL PRIVILEGES"}, "REPLICATION SLAVE", True),
        ({"REPLICATION CLIENT"}, "REPLICATION SLAVE", False),
    ],
)
def test_a_privilege_has_other_names_and_may_be_part_of_others(names: set[str], wanted: str, has: bool) -> None:
    assert Privileges("'u'@'%'", frozenset(names)).has(wanted) is has
