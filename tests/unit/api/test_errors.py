"""Every error is answered with the contract's body."""

import json

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from api.errors import ApiError, BadRequestError, answer_errors
from pipeline.jobs.fault import Fault

anything = st.lists(st.text() | st.text(st.characters(categories=["Cs"]))).map("".join)
"""Texts, also such as UTF-8 cannot say."""


async def answered(error: Exception) -> tuple[int, dict[str, str]]:
    """The status and the body that a request is answered with when its handler raises the error."""

    async def handler(_request: web.Request) -> web.StreamResponse:
        raise error

    response = await answer_errors(make_mocked_request("GET", "/"), handler)
    assert isinstance(response, web.Response)
    assert isinstance(response.body, bytes)
    return response.status, json.loads(response.body.decode())


@given(message=anything, description=st.none() | anything)
async def test_whatever_an_error_says_can_be_answered(message: str, description: str | None) -> None:
    status, body = await answered(ApiError(409, message, description))
    assert status == 409
    assert set(body) == {"message", "timestamp"} | ({"description"} if description is not None else set())


@pytest.mark.parametrize(("text", "shown"), [("h\ud800", "h\\ud800"), ("Zoë \U0001f600", "Zoë \U0001f600"), ("a\0b", "a\0b")])
async def test_only_what_cannot_be_sent_is_escaped(text: str, shown: str) -> None:
    status, body = await answered(BadRequestError([Fault("$.url", text)]))
    assert (status, body["description"]) == (400, f"$.url: {shown}")
