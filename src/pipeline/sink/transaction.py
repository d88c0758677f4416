"""Transactions on the target: begun anew where that may help, committed with patience, ended for good after an error."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import structlog
from bson import Binary
from pymongo import MongoClient, ReadPreference
from pymongo.client_session import ClientSession
from pymongo.errors import OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern

from pipeline.errors import BatchAbortedError, SinkUnavailableError
from pipeline.sink.answer import is_transient, reason, unavailable
from pipeline.sink.client import MAJORITY

log = structlog.get_logger()

TRIES = 5
COMMIT_TRIES = 3
COMMIT_TIMEOUT_MS = 30_000

T = TypeVar("T")


class Transactions:
    """The transactions of one sink, one after the other in one session. Not to be shared between threads."""

    def __init__(self, client: MongoClient[dict[str, Any]]) -> None:
        self._client = client
        self._session: ClientSession | None = None

    def session_id(self) -> Binary:
        """Name the session, so that another worker can end whatever it left open."""
        identity: Binary = self._open_session().session_id["id"]
        return identity

    def run(self, work: Callable[[ClientSession], T], *, divisible: bool = False) -> T:
        """
        Return what `work` returns, once all it has written in the session is committed.

        `work` lets the errors of MongoDB through that are not its to judge, and is run again
        where that may help, unless it is `divisible`. Whatever it raises, nothing of it is committed.

        Raises:
            BatchAbortedError: MongoDB gave the transaction up, and the work can be done in smaller ones.
            SinkUnavailableError: MongoDB does not answer, or not about the commit.
        """
        for _ in range(TRIES):
            try:
                return self._transact(work)
            except OperationFailure as error:
                if not is_transient(error):
                    raise self.forget(error) from error
                if divisible:
                    raise BatchAbortedError(f"MongoDB aborts the transaction: {reason(error)}") from error
                log.debug("transaction tried again", reason=str(error.details and error.details.get("codeName")))
            except PyMongoError as error:
                raise self.forget(error) from error
        raise SinkUnavailableError("MongoDB aborts the transaction again and again: something else writes the same documents")

    def forget(self, error: PyMongoError) -> SinkUnavailableError:
        """Give the session up, so that the next claim ends whatever it left open; what the error means."""
        if self._session is not None:
            with contextlib.suppress(PyMongoError):
                self._session.end_session()
            self._session = None
        return unavailable(error)

    def _transact(self, work: Callable[[ClientSession], T]) -> T:
        session = self._open_session()
        with self._begun(session):
            done = work(session)
            self._commit(session)
        return done

    @contextlib.contextmanager
    def _begun(self, session: ClientSession) -> Iterator[None]:
        session.start_transaction(ReadConcern("snapshot"), MAJORITY, ReadPreference.PRIMARY, max_commit_time_ms=COMMIT_TIMEOUT_MS)
        try:
            yield
        except BaseException:
            if session.in_transaction:
                with contextlib.suppress(PyMongoError):
                    session.abort_transaction()
            raise

    def _commit(self, session: ClientSession) -> None:
        for last in (False,) * (COMMIT_TRIES - 1) + (True,):
            try:
                return session.commit_transaction()
            except PyMongoError as error:
                if last or not error.has_error_label("UnknownTransactionCommitResult"):
                    raise
        return None

    def _open_session(self) -> ClientSession:
        if self._session is None:
            self._session = self._client.start_session()
        return self._session
