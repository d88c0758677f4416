"""Saved connections in the control database."""

from collections.abc import Collection
from typing import Any

from bson import ObjectId
from pydantic import SecretStr
from pymongo import ReadPreference, WriteConcern
from pymongo.asynchronous.database import AsyncDatabase

from pipeline.connections.connection import Connection, Saved, has_password, readable, secret
from pipeline.errors import ConfigError
from pipeline.jobs.control import CODEC, now
from pipeline.jobs.vault import Vault


class ConnectionStore:
    """
    The connections collection, read from the primary and written with majority write concern.

    Methods let pymongo's errors through: the control database is away, try again later.

    Raises:
        ConfigError: The key is missing or malformed.
    """

    def __init__(self, database: AsyncDatabase[dict[str, Any]], secret_key: SecretStr | None) -> None:
        self._connections = database.get_collection(
            "connections", codec_options=CODEC, read_preference=ReadPreference.PRIMARY, write_concern=WriteConcern("majority")
        )
        self._vault = Vault(secret_key, of="connection")

    async def add(self, saved: Saved) -> Connection:
        """Save a connection under a new id."""
        connection = self._sealed(str(ObjectId()), saved)
        await self._connections.insert_one(connection.stored())
        return connection

    async def replace(self, connection_id: str, saved: Saved) -> Connection | None:
        """Save these details, all of them, in place of the connection's; None where there is none of this id."""
        connection = self._sealed(connection_id, saved)
        result = await self._connections.replace_one({"_id": connection_id}, connection.stored())
        return connection if result.matched_count else None

    async def keep(self, saved: Saved, connection_id: str | None = None) -> Connection:
        """
        Save details that a job was posted with, in place of the connection's that it named.

        Without one, a connection that differs in its passwords at most is this one: posting a
        job again and again makes no more of them. Details without a password take none from it.
        """
        there = await self.get(connection_id) if connection_id else await self._like(saved)
        if there is not None and not has_password(saved):
            return there
        return (there and await self.replace(there.id, saved)) or await self.add(saved)

    async def get(self, connection_id: str) -> Connection | None:
        """The connection, or None where there is none of this id."""
        return _read(await self._connections.find_one({"_id": connection_id}))

    async def page(self, limit: int, before: str | None = None) -> list[Connection]:
        """At most `limit` connections, newest first: those older than `before` (an id)."""
        conditions = {} if before is None else {"_id": {"$lt": before}}
        return [Connection.model_validate(document) async for document in self._connections.find(conditions).sort("_id", -1).limit(limit)]

    async def remove(self, connection_id: str) -> Connection | None:
        """Forget the connection and return it as it was; None where there is none of this id."""
        return _read(await self._connections.find_one_and_delete({"_id": connection_id}))

    async def find(self, connection_ids: Collection[str]) -> dict[str, Saved | ConfigError]:
        """Those of these connections that there are, with their secrets, or why these cannot be decrypted."""
        found = self._connections.find({"_id": {"$in": list(connection_ids)}})
        return {document["_id"]: self._opened(Connection.model_validate(document)) async for document in found}

    async def _like(self, saved: Saved) -> Connection | None:
        return _read(await self._connections.find_one({"kind": saved.kind.value, "details": readable(saved)}))

    def _sealed(self, connection_id: str, saved: Saved) -> Connection:
        return Connection(
            id=connection_id,
            kind=saved.kind,
            details=readable(saved),
            password_saved=has_password(saved),
            secrets=self._vault.seal(connection_id, secret(saved)),
            saved_at=now(),
        )

    def _opened(self, connection: Connection) -> Saved | ConfigError:
        try:
            return Saved(connection.kind, connection.details | self._vault.open(connection.id, connection.secrets))
        except ConfigError as error:
            return error


def _read(document: dict[str, Any] | None) -> Connection | None:
    return Connection.model_validate(document) if document else None
