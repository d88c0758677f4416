"""The search path that `currentSchema` holds."""

from pipeline.errors import ConfigError


def split_search_path(text: str, user: str) -> tuple[str, ...]:
    """
    Split a search path into schema names, each once, as the catalogue spells them.

    An unquoted name is taken as it is written (the catalogue decides whether it exists), a
    quoted one may hold anything, and `$user` is the user's own name.

    Raises:
        ConfigError: A quote is not closed, or stands in the middle of a name.
    """
    names: list[str] = []
    rest = text.strip()
    while rest:
        name, rest = _quoted(rest) if rest.startswith('"') else _plain(rest)
        names.append(user if name == "$user" else name)
    return tuple(dict.fromkeys(filter(None, names)))


def _plain(text: str) -> tuple[str, str]:
    name, _, rest = text.partition(",")
    if '"' in name:
        raise ConfigError(f"the JDBC URL's currentSchema has a quote in the middle of the name {name.strip()}")
    return name.strip(), rest.strip()


def _quoted(text: str) -> tuple[str, str]:
    end = 1
    while end < len(text):
        if text[end] == '"':
            if text[end + 1 : end + 2] != '"':
                break
            end += 1
        end += 1
    name, rest = text[1:end].replace('""', '"'), text[end + 1 :].strip()
    if end >= len(text) or (rest and not rest.startswith(",")):
        raise ConfigError(f"the JDBC URL's currentSchema has a quote that is not closed, or text after it: {text}")
    return name, rest[1:].strip()
