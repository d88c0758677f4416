"""The paths of saved connections: parse, call, answer."""

import structlog
from aiohttp import web

from api import contract
from api.answer import answer
from api.body import parse_json, read_form, read_json_text, refuse_body, repeated_names
from api.errors import BadRequestError, NotFoundError
from api.expectation import Routes
from api.keys import CONNECTIONS
from api.page import read_page
from pipeline.connections.connection import Connection, Saved, details_of
from pipeline.connections.request import ConnectionRequest
from pipeline.jobs.checks import connection_faults

log = structlog.get_logger()

routes = Routes()


@routes.post("/api/v1/connections")
async def post_connection(request: web.Request) -> web.Response:
    """Save a connection."""
    connection = await request.app[CONNECTIONS].add(read_connection(await read_json_text(request)))
    log.info("connection saved", connection=connection.id)
    return answer(view(connection))


@routes.get("/api/v1/connections")
async def list_connections(request: web.Request) -> web.Response:
    """A page of connections, newest first."""
    page = read_page(request.query)
    found = await request.app[CONNECTIONS].page(page.limit + 1, page.cursor)
    shown, more = found[: page.limit], len(found) > page.limit
    return answer(contract.ConnectionList(connections=[view(each) for each in shown], next=shown[-1].id if more else None))


@routes.get("/api/v1/connections/{id}")
async def get_connection(request: web.Request) -> web.Response:
    """One connection."""
    connection_id = request.match_info["id"]
    return answer(_found(await request.app[CONNECTIONS].get(connection_id), connection_id))


@routes.put("/api/v1/connections/{id}")
async def put_connection(request: web.Request) -> web.Response:
    """Save other details in place of a connection's."""
    connection_id = request.match_info["id"]
    saved = read_connection(await read_json_text(request))
    changed = _found(await request.app[CONNECTIONS].replace(connection_id, saved), connection_id)
    log.info("connection changed", connection=connection_id)
    return answer(changed)


@routes.delete("/api/v1/connections/{id}")
async def delete_connection(request: web.Request) -> web.Response:
    """Forget a connection; jobs that were posted with it go on."""
    await refuse_body(request)
    connection_id = request.match_info["id"]
    removed = _found(await request.app[CONNECTIONS].remove(connection_id), connection_id)
    log.info("connection removed", connection=connection_id)
    return answer(removed)


def read_connection(text: str) -> Saved:
    """
    The details to save that a JSON text holds.

    Raises:
        BadRequestError: The text has faults.
    """
    document = parse_json(text)
    request, form_faults = read_form(ConnectionRequest, text)
    faults = [*repeated_names(document), *form_faults, *connection_faults(document)]
    if request is None or faults:
        raise BadRequestError(list(dict.fromkeys(faults)))
    return details_of(request.details)


def view(connection: Connection) -> contract.Connection:
    """The connection as clients see it."""
    return contract.Connection.model_validate(
        {
            "id": connection.id,
            connection.kind.value: connection.details,
            "passwordSaved": connection.password_saved,
            "savedAt": connection.saved_at,
        }
    )


def _found(connection: Connection | None, connection_id: str) -> contract.Connection:
    if connection is None:
        raise NotFoundError(connection_id, "connection")
    return view(connection)
