"""MySQL and MariaDB with a binary log that a connector can follow."""

import os
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pymysql

from stack.account import service_account
from stack.debian import DebianServer, install_server, start_command
from stack.layout import Layout, scratch_folder
from stack.passwords import check_password_kept, password
from stack.ports import LOOPBACK
from stack.programs import Program, named
from stack.progress import Progress, Silence
from stack.server import Server

SUPERUSER = "root"
JOB_USER = "rowstream"
"""May do what a job needs, and nothing else."""

JOB_PRIVILEGES = "SELECT, RELOAD, LOCK TABLES, REPLICATION SLAVE, REPLICATION CLIENT"

SETTINGS: Mapping[str, object] = {
    "bind-address": LOOPBACK,
    "socket": "",
    "skip-name-resolve": "ON",
    "default-time-zone": "+00:00",
    "character-set-server": "utf8mb4",
    "log-bin": "binlog",
    "binlog-format": "ROW",
    "binlog-row-image": "FULL",
    "innodb-buffer-pool-size": "64M",
    "innodb-flush-log-at-trx-commit": 1,
    "sync-binlog": 1,
    "innodb-doublewrite": "OFF",
    "performance-schema": "OFF",
    "max-connections": 200,
}
"""
Without a socket, whose name could be too long. Rows and log are written at each commit: otherwise
they disagree after a crash, and documents with the rows.
"""


class BinlogServer(Server):
    """
    A MySQL or MariaDB on loopback that asks everyone for a password.

    The superuser is `root`, its password is kept in the layout under the server's name.
    `settings` outrank the server's options set here; `cache` is where downloads are kept.
    `scheme` is what JDBC URLs and, unless it is given another name, the server itself are called by.
    """

    scheme: str
    package: DebianServer
    variable: str
    own_settings: Mapping[str, object]

    def __init__(
        self, port: int, layout: Layout, cache: Path, *, name: str | None = None, settings: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(name or self.scheme, port, layout)
        self.account = service_account()
        self.cache = cache
        self.settings = {**SETTINGS, **self.own_settings, "server-id": port, **(settings or {})}

    def install(self, progress: Progress) -> None:
        """Download the server, the first time."""
        if named(Path(self.package.program).name, self.variable) is None:
            install_server(self.package, self.cache, progress)

    def connect(self, **parameters: Any) -> "pymysql.Connection[Any]":
        """A session of the superuser in autocommit mode, or of whom the parameters name."""
        whole = {"user": SUPERUSER, "password": self._password, "autocommit": True, "charset": "utf8mb4", **parameters}
        return pymysql.connect(host=LOOPBACK, port=self.port, **whole)

    def jdbc_url(self, database: str = "") -> str:
        """The address for a job, without credentials."""
        return f"jdbc:{self.scheme}://{LOOPBACK}:{self.port}/{database}"

    @property
    def job_password_file(self) -> Path:
        """The file with the password of `JOB_USER`."""
        return self.layout.password(f"{self.name}-{JOB_USER}")

    @property
    def job_password(self) -> str:
        """The password of `JOB_USER`."""
        return password(self.job_password_file)

    @property
    def ready(self) -> bool:
        """Whether the server takes connections; it does only when the file with its first statements was run."""
        try:
            self.connect(connect_timeout=5).close()
        except pymysql.MySQLError:
            return False
        return True

    def prepare(self) -> None:
        """
        Make the data folder the first time.

        Raises:
            StackError: There is data already, but its password is lost.
        """
        self.install(Silence())
        if self._data.exists():
            check_password_kept(self.name, self._data, self._password_file, self.layout.home)
        else:
            self._initialise()
        if self.account is not None:
            self.account.own(self._data)

    def command(self) -> Sequence[str | Path]:
        """The server's command line."""
        return [*self._start(self._data), f"--init-file={self._write_first_statements()}", f"--port={self.port}", *self._options()]

    @property
    def _data(self) -> Path:
        return self.layout.annex.data(self.layout.data, self.account) / self.name

    @property
    def _program(self) -> Program:
        found = named(Path(self.package.program).name, self.variable) or install_server(self.package, self.cache, Silence())
        return self.layout.annex.program(found, self.account)

    @property
    def _password(self) -> str:
        return password(self._password_file)

    @property
    def _password_file(self) -> Path:
        return self.layout.password(self.name)

    def _start(self, data: Path) -> list[str | Path]:
        program = self._program
        folders = self._folders(program.path.parents[1]) if program.parts else []
        return [*start_command(program), "--no-defaults", f"--datadir={data}", *folders]

    def _options(self) -> list[str]:
        return [f"--{name}={value}" for name, value in self.settings.items()]

    def _folders(self, base: Path) -> list[str]:
        """The options that tell a server where it was unpacked."""
        share = base / "share/mysql"
        folders = {"basedir": base, "plugin-dir": base / "lib/mysql/plugin", "lc-messages-dir": share}
        return [f"--{name}={folder}" for name, folder in (folders | {"character-sets-dir": share / "charsets"}).items()]

    def _initialise(self) -> None:
        scratch = scratch_folder(self._data)
        if self.account is not None:
            self.account.own(scratch)
        self.fill(scratch)
        os.replace(scratch, self._data)

    @abstractmethod
    def fill(self, folder: Path) -> None:
        """Make the server's own tables in an empty data folder; its superuser may log in from here without a password."""

    def _write_first_statements(self) -> Path:
        """The statements, each on a line and each safe to run again, that give the two users their passwords."""
        file = self._data / "first.sql"
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        secret = self._password  # made of letters, digits, - and _
        file.write_text(
            "SET SESSION sql_log_bin = 0;\n"
            f"CREATE USER IF NOT EXISTS '{SUPERUSER}'@'{LOOPBACK}';\n"
            f"ALTER USER '{SUPERUSER}'@'{LOOPBACK}' IDENTIFIED BY '{secret}';\n"
            f"ALTER USER '{SUPERUSER}'@'localhost' IDENTIFIED BY '{secret}';\n"
            f"GRANT ALL PRIVILEGES ON *.* TO '{SUPERUSER}'@'{LOOPBACK}' WITH GRANT OPTION;\n"
            f"CREATE USER IF NOT EXISTS '{JOB_USER}'@'{LOOPBACK}';\n"
            f"ALTER USER '{JOB_USER}'@'{LOOPBACK}' IDENTIFIED BY '{self.job_password}';\n"
            f"GRANT {JOB_PRIVILEGES} ON *.* TO '{JOB_USER}'@'{LOOPBACK}';\n"
        )
        if self.account is not None:
            self.account.own(file)
        return file


class MySQL(BinlogServer):
    """A MySQL with GTIDs on, from Debian's archive: no stable release of Debian has it, only sid."""

    scheme = "mysql"
    package = DebianServer("mysql-server-core", "sid", "usr/sbin/mysqld", needless=("perl",))
    variable = "ROWSTREAM_MYSQLD"
    own_settings: Mapping[str, object] = {
        "mysqlx": "OFF",  # it would take another port
        "secure-file-priv": "NULL",
        "gtid-mode": "ON",
        "enforce-gtid-consistency": "ON",
        "innodb-redo-log-capacity": "64M",
    }

    def fill(self, folder: Path) -> None:
        """Have the server make its tables, and the keys with which passwords are exchanged."""
        self.run_to_end([*self._start(folder), "--initialize-insecure", "--innodb-redo-log-capacity=64M"], "make its data folder")


class MariaDB(BinlogServer):
    """A MariaDB, whose GTIDs are always on."""

    scheme = "mariadb"
    package = DebianServer("mariadb-server-core", "bookworm", "usr/sbin/mariadbd", needless=("perl",))
    variable = "ROWSTREAM_MARIADBD"
    own_settings: Mapping[str, object] = {"binlog-row-metadata": "FULL", "gtid-strict-mode": "ON", "innodb-log-file-size": "64M"}
    scripts = ("mysql_system_tables", "mysql_performance_tables", "mysql_system_tables_data", "fill_help_tables", "mysql_sys_schema")

    def fill(self, folder: Path) -> None:
        """Have the server run the statements that make its tables."""
        statements = folder / "bootstrap.sql"
        share = self._program.path.parents[1] / "share/mysql"
        scripts = [share / f"{name}.sql" for name in self.scripts if (share / f"{name}.sql").exists()]
        statements.write_text("CREATE DATABASE mysql;\nUSE mysql;\n" + "\n".join(script.read_text("utf-8") for script in scripts))
        if self.account is not None:
            self.account.own(folder)
            self.account.own(statements)
        command = [*self._start(folder), "--bootstrap", "--innodb-log-file-size=64M"]
        self.run_to_end(["/bin/sh", "-c", 'file="$1"; shift; exec "$@" <"$file"', "sh", statements, *command], "make its data folder")
        statements.unlink()
