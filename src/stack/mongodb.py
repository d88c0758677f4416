"""MongoDB: a replica set of one, or a standalone server."""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from stack.account import service_account
from stack.errors import StackError
from stack.layout import Layout
from stack.ports import LOOPBACK, listening
from stack.programs import Program, mongod, wheel_libraries
from stack.server import Server

LIBRARIES = {"libcurl.so.4": "libcurl-*.so.4*", "libssl.so.3": "libssl-*.so.3*", "libcrypto.so.3": "libcrypto-*.so.3*"}
NOT_YET_INITIALIZED = 94


class MongoDB(Server):
    """
    A mongod on loopback, without authentication.

    `replica_set` None makes a standalone server, which knows no transactions. `settings`
    are further options of mongod by their names without the dashes.
    """

    def __init__(
        self,
        port: int,
        layout: Layout,
        *,
        name: str = "mongodb",
        replica_set: str | None = "rowstream",
        settings: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(name, port, layout)
        self.account = service_account()
        self.replica_set = replica_set
        self.settings = dict(settings or {})

    @property
    def url(self) -> str:
        """The connection string, without a database."""
        return f"mongodb://{LOOPBACK}:{self.port}/" + (f"?replicaSet={self.replica_set}" if self.replica_set else "")

    @property
    def ready(self) -> bool:
        """Whether the server takes writes; a new replica set is made, one that changed its port is told so."""
        if not listening(self.port):
            return False
        with self._client() as client:
            try:
                if self.replica_set:
                    self._configure(client)
                return bool(client.admin.command("hello")["isWritablePrimary"])
            except PyMongoError:
                return False

    def prepare(self) -> None:
        """Make the data folder."""
        self._data.mkdir(mode=0o700, exist_ok=True)
        if self.account is not None:
            self.account.own(self._data)

    def command(self) -> Sequence[str | Path]:
        """mongod's command line."""
        options: dict[str, object] = {
            "dbpath": self._data,
            "port": self.port,
            "bind_ip": LOOPBACK,
            "wiredTigerCacheSizeGB": 0.25,
            **({"replSet": self.replica_set, "oplogSize": 256} if self.replica_set else {}),
            **self.settings,
        }
        flags = [part for name, value in options.items() for part in (f"--{name}", str(value))]
        return [self._program, "--nounixsocket", "--quiet", "--setParameter", "diagnosticDataCollectionEnabled=false", *flags]

    def environment(self) -> dict[str, str]:
        """The environment in which mongod finds its libraries."""
        return super().environment() | self._libraries()

    @property
    def _data(self) -> Path:
        return self.layout.annex.data(self.layout.data, self.account) / self.name

    @property
    def _program(self) -> Path:
        return self.layout.annex.program(mongod(), self.account).path

    def _libraries(self) -> dict[str, str]:
        problem = _problem(self._program, {})
        if problem is None:
            return {}
        packaged = self.packaged_libraries()
        if _problem(self._program, packaged) is None:
            return packaged
        advice = "install libcurl 4 and OpenSSL 3, name a mongod with ROWSTREAM_MONGOD, or a MongoDB you have with ROWSTREAM_CONTROL_URL"
        raise StackError(f"mongod does not start: {problem}", suggestion=advice)

    def packaged_libraries(self) -> dict[str, str]:
        """
        The environment in which mongod takes libcurl and OpenSSL from pycurl's wheel, for machines without them.

        The wheel names its libraries after their content, so they are linked under the names that mongod asks for.
        """
        folder = wheel_libraries("pycurl")
        if folder is None:
            raise StackError("mongod needs libcurl 4 and OpenSSL 3", suggestion="install them, or `pip install pycurl`")
        parts = tuple(folder.iterdir())
        reached = self.layout.annex.program(Program(parts[0], parts), self.account).path.parent
        links = self._data.with_name("libraries")
        links.mkdir(exist_ok=True)
        links.chmod(0o755)
        for name, pattern in LIBRARIES.items():
            (links / name).unlink(missing_ok=True)
            (links / name).symlink_to(next(reached.glob(pattern)))
        return {"LD_LIBRARY_PATH": f"{links}:{reached}"}

    def _client(self) -> MongoClient[dict[str, Any]]:
        return MongoClient(LOOPBACK, self.port, directConnection=True, serverSelectionTimeoutMS=2_000, socketTimeoutMS=10_000)

    def _configure(self, client: MongoClient[dict[str, Any]]) -> None:
        address = f"{LOOPBACK}:{self.port}"
        try:
            config = client.admin.command("replSetGetConfig")["config"]
        except OperationFailure as error:
            if error.code != NOT_YET_INITIALIZED:
                raise
            client.admin.command("replSetInitiate", {"_id": self.replica_set, "members": [{"_id": 0, "host": address}]})
            return
        if config["members"][0]["host"] != address:
            config["members"][0]["host"] = address
            client.admin.command({"replSetReconfig": config | {"version": config["version"] + 1}, "force": True})


def _problem(program: Path, environment: dict[str, str]) -> str | None:
    """Why the program cannot even print its version, or None when it can."""
    done = subprocess.run([program, "--version"], env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own server
    if done.returncode == -signal.SIGILL:
        return "it needs a processor with AVX"
    return None if done.returncode == 0 else done.stderr.strip()
