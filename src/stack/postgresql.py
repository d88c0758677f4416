"""PostgreSQL with logical decoding on."""

import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from stack.account import service_account
from stack.layout import Layout, scratch_folder
from stack.passwords import check_password_kept, password
from stack.ports import LOOPBACK
from stack.programs import postgres
from stack.server import Server

SUPERUSER = "postgres"
SETTINGS: Mapping[str, object] = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "wal_level": "logical",
    "max_wal_senders": 50,
    "max_replication_slots": 50,
    "max_connections": 200,
    "shared_buffers": "32MB",
}

CLIENT = {
    "host": LOOPBACK,
    "hostaddr": LOOPBACK,
    "sslmode": "disable",
    "sslrootcert": "",
    "sslcertmode": "disable",
    "gssencmode": "disable",
    "channel_binding": "prefer",
    "require_auth": "scram-sha-256",
    "target_session_attrs": "any",
    "client_encoding": "UTF8",
    "options": "",
}
"""What libpq would take from the user's PGHOSTADDR, PGSSLMODE and so on, which are meant for other servers."""


class PostgreSQL(Server):
    """
    A PostgreSQL on loopback that asks everyone for a password (SCRAM).

    The superuser is `postgres`, its password is kept in the layout under the server's
    name. `settings` outrank the server's parameters set here.
    """

    stop_signal = signal.SIGINT  # fast shutdown; SIGTERM would wait for the clients

    def __init__(self, port: int, layout: Layout, *, name: str = "postgresql", settings: Mapping[str, object] | None = None) -> None:
        super().__init__(name, port, layout)
        self.account = service_account()
        self.settings = {**SETTINGS, **(settings or {})}

    def dsn(self, database: str = "postgres") -> str:
        """The superuser's connection string, password included."""
        return make_conninfo(**CLIENT, port=self.port, user=SUPERUSER, password=self._password, dbname=database)

    @property
    def ready(self) -> bool:
        """Whether the server takes connections."""
        return PGconn.ping(make_conninfo(**CLIENT, port=self.port, connect_timeout=5).encode()) == Ping.OK

    def prepare(self) -> None:
        """
        Make the data folder the first time.

        Raises:
            StackError: There is data already, but its password is lost.
        """
        if not self._data.exists():
            self._initialise()
            return
        check_password_kept(self.name, self._data, self._password_file, self.layout.home)
        if self.account is not None:
            self.account.own(self._data)

    def command(self) -> Sequence[str | Path]:
        """The server's command line."""
        options = {"port": self.port, **self.settings}
        return [self._program, "-D", self._data, *(f"--{name}={value}" for name, value in options.items())]

    @property
    def _data(self) -> Path:
        return self.layout.annex.data(self.layout.data, self.account) / self.name

    @property
    def _program(self) -> Path:
        return self.layout.annex.program(postgres(), self.account).path

    @property
    def _password(self) -> str:
        return password(self._password_file)

    @property
    def _password_file(self) -> Path:
        return self.layout.password(self.name)

    def _initialise(self) -> None:
        scratch = scratch_folder(self._data)
        secret = scratch.with_suffix(".password")
        try:
            secret.touch(mode=0o600)
            secret.write_text(self._password)
            for path in (scratch, secret):
                if self.account is not None:
                    self.account.own(path)
            options = ["--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", f"--pwfile={secret}", "--no-instructions"]
            self.run_to_end([self._program.with_name("initdb"), "-D", scratch, "-U", SUPERUSER, *options], "make its data folder")
        finally:
            secret.unlink(missing_ok=True)
        os.replace(scratch, self._data)
