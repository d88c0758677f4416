"""Connection strings that make no client."""

from collections.abc import Callable
from typing import Any

import dns.resolver
import pytest

from pipeline.errors import ConfigError, SinkUnavailableError
from pipeline.sink.client import connect, open_target


def test_a_name_that_cannot_be_looked_up_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise dns.resolver.NoNameservers

    monkeypatch.setattr(dns.resolver, "resolve", fail)
    with pytest.raises(SinkUnavailableError) as raised:
        connect("mongodb+srv://user:secret@cluster.example.com/shop")
    assert "secret" not in raised.value.message


@pytest.mark.parametrize("make", [connect, open_target])
def test_a_file_that_is_missing_on_this_host_is_named(make: Callable[[str], Any]) -> None:
    with pytest.raises(ConfigError, match=r"/missing\.pem") as raised:
        make("mongodb://user:secret@localhost/shop?tls=true&tlsCAFile=/missing.pem")
    assert raised.value.code == "TARGET_URL"
    assert "secret" not in raised.value.message


@pytest.mark.parametrize("make", [connect, open_target])
@pytest.mark.parametrize("url", ["mongodb://user:secret@localhost:secret/shop", "mongodb+srv://user:secret@a,b/"])
def test_what_the_driver_does_not_take_is_told_without_a_secret(make: Callable[[str], Any], url: str) -> None:
    with pytest.raises(ConfigError) as raised:
        make(url)
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None
