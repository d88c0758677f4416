"""Types of MySQL and MariaDB that SQLAlchemy does not know, and of which CAST makes nothing: NULL in MySQL, an error in MariaDB."""

from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.types import UserDefinedType

NAMES = ("mysql", "mariadb")


class ToldAsText(UserDefinedType[str]):
    """A type of whose values a function of the server makes a text."""

    cache_ok = True
    name: str
    function: str

    def __init__(self, *_: Any, **__: Any) -> None:
        """What the catalogue says beside the name, as a vector's length, changes nothing."""

    def get_col_spec(self, **_: Any) -> str:
        """What the server calls it."""
        return self.name


class Geometry(ToldAsText):
    """Any of the spatial types."""

    name, function = "GEOMETRY", "ST_AsText"


class Vector(ToldAsText):
    """Vectors of MySQL."""

    name, function = "VECTOR", "VECTOR_TO_STRING"


class MariaDBVector(ToldAsText):
    """Vectors of MariaDB."""

    name, function = "VECTOR", "VEC_ToText"


SPATIAL = (
    "geometry",
    "point",
    "linestring",
    "polygon",
    "multipoint",
    "multilinestring",
    "multipolygon",
    "geometrycollection",
    "geomcollection",
)


def teach_types(dialect: Dialect) -> None:
    """Have the dialect of an engine know these types when it reads the catalogue."""
    if dialect.name in NAMES:
        vector = MariaDBVector if dialect.name == "mariadb" else Vector
        known: dict[str, Any] = getattr(dialect, "ischema_names", {})
        setattr(dialect, "ischema_names", {**known, **dict.fromkeys(SPATIAL, Geometry), "vector": vector})  # noqa: B010 - not declared
