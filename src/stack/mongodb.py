"""MongoDB: a replica set of one, or a standalone server."""

import os
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
from stack.programs import mongod, wheel_libraries
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
        self._program: tuple[Path, dict[str, str]] | None = None

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
        return [mongod(), "--nounixsocket", "--quiet", "--setParameter", "diagnosticDataCollectionEnabled=false", *flags]

    def environment(self) -> dict[str, str]:
        """The environment in which mongod finds its libraries."""
        return super().environment() | libraries(self.layout)

    @property
    def _data(self) -> Path:
        return self.layout.service_data / self.name

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


def libraries(layout: Layout) -> dict[str, str]:
    """
    The environment that lets mongod find libcurl and OpenSSL: none when the machine has them, else pycurl's copies.

    Raises:
        StackError: mongod does not even print its version; says why.
    """
    plain = {"PATH": os.defpath}
    done = _version(plain)
    if done.returncode == 0:
        return {}
    if done.returncode == -signal.SIGILL:
        raise StackError("mongod needs a processor with AVX", suggestion="name a MongoDB you have with ROWSTREAM_CONTROL_URL")
    linked = packaged_libraries(layout.home / "lib")
    again = _version(plain | linked)
    if again.returncode != 0:
        raise StackError(
            f"mongod does not start: {again.stderr}", suggestion="install libcurl 4 and OpenSSL 3, or name a mongod with ROWSTREAM_MONGOD"
        )
    return linked


def _version(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([mongod(), "--version"], env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own server


def packaged_libraries(folder: Path) -> dict[str, str]:
    """
    Link the libraries that pycurl's wheel carries under the names that mongod asks for, in `folder`.

    The wheel names them after their content, which no other program would look for.
    """
    package = wheel_libraries("pycurl")
    folder.mkdir(exist_ok=True)
    for name, pattern in LIBRARIES.items():
        found = sorted(package.glob(pattern)) if package else []
        if not found:
            raise StackError(f"mongod needs {name}", suggestion="install it by your system's packages, or `pip install pycurl`")
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(found[0])
    return {"LD_LIBRARY_PATH": f"{folder}:{package}"}
