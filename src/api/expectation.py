"""What a client expects before it sends its body: the header `Expect`."""

from functools import partial
from typing import Any

from aiohttp import HttpVersion11, hdrs, web

from api.errors import ApiError, answer_errors
from api.guard import protect_answers


async def meet_expectation(request: web.Request) -> web.StreamResponse | None:
    """
    Let a client that waits for leave send its body; answer any other expectation with 417.

    aiohttp asks this for a route before its middlewares run, so the refusal goes through them here.
    """
    if request.headers[hdrs.EXPECT].lower() != "100-continue":
        return await protect_answers(request, partial(answer_errors, handler=_refuse))
    if request.version == HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
    return None


class Routes(web.RouteTableDef):
    """Routes that meet expectations so."""

    def route(self, method: str, path: str, **options: Any) -> Any:
        return super().route(method, path, expect_handler=meet_expectation, **options)


async def _refuse(_request: web.Request) -> web.StreamResponse:
    raise ApiError(417, "The expectation cannot be met", "The Expect header may only be 100-continue")
