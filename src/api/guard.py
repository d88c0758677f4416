"""Keeps other sites' pages in the user's browser away from a service that listens on loopback without a token."""

from ipaddress import ip_address

from aiohttp import hdrs, web

from api.errors import ApiError, Handler
from pipeline.errors import ConfigError


def is_loopback(host: str) -> bool:
    """Whether the host, a name or an address without port, is this machine's own."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def require_loopback(host: str) -> None:
    """Raise `ConfigError` unless the service is to listen on a loopback address: it has no token yet that would protect it elsewhere."""
    if not is_loopback(host):
        raise ConfigError(
            f"ROWSTREAM_HOST is {host}: only a loopback address is allowed, since access tokens are not available in this version",
            suggestion="Set it to 127.0.0.1, and reach the service from elsewhere through an SSH tunnel.",
        )


@web.middleware
async def refuse_foreign(request: web.Request, handler: Handler) -> web.StreamResponse:
    """
    Refuse requests with another host's name, or from another origin's page, with 403.

    A name that an attacker's DNS points at 127.0.0.1 shows in `Host`; a page of another
    site shows in `Origin`, which browsers send with every POST.
    """
    hosts = request.headers.getall(hdrs.HOST, [])
    if len(hosts) != 1 or not is_loopback(_without_port(hosts[0])):
        raise ApiError(403, "The request is for another host", "Use http://127.0.0.1, http://localhost or http://[::1]")
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is not None and origin.lower() != f"http://{hosts[0]}".lower():
        raise ApiError(403, "The request comes from another site", "The Origin header may only name this service")
    return await handler(request)


@web.middleware
async def protect_answers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Tell browsers to neither guess the type of answers nor keep them."""
    response = await handler(request)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() and (":" not in name or name.endswith("]")) else host
