"""Answers with a body of the contract."""

from aiohttp import web

from api.contract import AnswerModel


def answer(body: AnswerModel) -> web.Response:
    """Answer 200 with a body."""
    return web.Response(text=body.json_text(), content_type="application/json")
