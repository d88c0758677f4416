"""Exit with 0 when the service answers at /healthz, as the image's HEALTHCHECK. No proxy of the environment is asked."""

import http.client
import os
import sys

TIMEOUT_SECONDS = 3


def answers(host: str, port: int) -> bool:
    """Whether the service that listens there says that it lives."""
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    host, port = os.environ.get("ROWSTREAM_HOST") or "127.0.0.1", int(os.environ.get("ROWSTREAM_PORT") or 8278)
    sys.exit(0 if answers(host, port) else 1)
