"""Errors of the API, and the one middleware that turns every error into the contract's error body."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import uuid4

import structlog
from aiohttp import web
from pymongo.errors import PyMongoError

from api.contract import Error
from pipeline.jobs.fault import Fault

log = structlog.get_logger()

REASONS = {440: "No Database", 470: "Migration Job Already Running"}
"""Reason phrases of the contract's own status codes."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ApiError(Exception):
    """A request that is refused; the middleware answers with `status` and the error body."""

    def __init__(
        self,
        status: int,
        message: str,
        description: str | None = None,
        *,
        job_id: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.description = description
        self.job_id = job_id
        self.headers = headers


class BadRequestError(ApiError):
    """The text of the request shows these faults."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        message = "The request has a fault" if len(faults) == 1 else f"The request has {len(faults)} faults"
        super().__init__(400, message, "; ".join(str(fault) for fault in faults))


class NotFoundError(ApiError):
    """There is no job, or no other thing, of this id."""

    def __init__(self, unknown_id: str, thing: str = "job") -> None:
        super().__init__(404, f"There is no such {thing}", f"No {thing} has the id {unknown_id[:100]}")


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every error with the contract's body; what the project has no name for is 500 and logged under an id."""
    try:
        return await handler(request)
    except ApiError as error:
        return _answer(error)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _answer(_of_http(error, request))
    except web.RequestPayloadError:
        return _answer(ApiError(400, "The request's body cannot be read", "It does not fit its Content-Encoding, Content-Length or chunks"))
    except PyMongoError as error:
        log.warning("the control database does not answer", path=request.path, error=type(error).__name__)
        return _answer(ApiError(503, "The control database does not answer", "Try again in a moment", headers={"Retry-After": "1"}))
    except Exception:
        error_id = uuid4().hex
        log.exception("internal server error", error_id=error_id, method=request.method, path=request.path)
        return _answer(ApiError(500, "Internal server error", f"The service's log has it under the error id {error_id}"))


def _of_http(error: web.HTTPException, request: web.Request) -> ApiError:
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        return ApiError(405, "Method not allowed", f"{request.path} takes {allowed}", headers={"Allow": allowed})
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return ApiError(413, "The request's body is too large", f"The limit is {request.client_max_size} bytes")
    if error.status == 404:
        return ApiError(404, "There is no such path", "/api/v1/openapi.json lists the paths there are")
    return ApiError(error.status, error.reason)


def _answer(error: ApiError) -> web.Response:
    message, description = _sendable(error.message), error.description and _sendable(error.description)
    body = Error(job_id=error.job_id, message=message, description=description, timestamp=datetime.now(UTC))
    return web.Response(
        status=error.status,
        reason=REASONS.get(error.status),
        text=body.json_text(),
        content_type="application/json",
        headers=error.headers,
    )


def _sendable(text: str) -> str:
    """The text with whatever UTF-8 cannot say, half a surrogate pair, written as an escape: an answer can always be sent."""
    return text.encode("utf-8", "backslashreplace").decode()
