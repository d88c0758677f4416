"""Geometric columns into GeoJSON (RFC 7946)."""

from base64 import b64decode
from math import isnan
from struct import Struct
from typing import Any

_NAMES = {1: "Point", 2: "LineString", 3: "Polygon", 4: "MultiPoint", 5: "MultiLineString", 6: "MultiPolygon", 7: "GeometryCollection"}
_EWKB_Z, _EWKB_M, _EWKB_SRID = 0x80000000, 0x40000000, 0x20000000
_WGS84 = 4326


def point(value: dict[str, Any]) -> dict[str, Any]:
    """Return the GeoJSON of Debezium's Point; MySQL's may be in another reference system than GeoJSON's, as geometries may."""
    return _with_srid({"type": "Point", "coordinates": [float(value["x"]), float(value["y"])]}, value)


def geometry(value: dict[str, Any]) -> dict[str, Any]:
    """
    Return the GeoJSON of Debezium's Geometry or Geography, which hold well-known binary.

    GeoJSON is in WGS 84; coordinates of another reference system stay as they are, with its
    number beside them as `srid`. A closed path of PostgreSQL's is a line string that says so.

    Raises:
        ValueError: It is of a kind that GeoJSON does not have (a curve, a surface, one with measures).
    """
    document = _with_srid(_Reader(b64decode(value["wkb"])).geometry(), value)
    if (value.get("extensions") or {}).get("closed") == "true":
        document["closed"] = True
    return document


def _with_srid(document: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    srid = value.get("srid")
    return {**document, "srid": srid} if srid and srid != _WGS84 else document


def circle(value: dict[str, Any]) -> dict[str, Any]:
    """Return the centre as GeoJSON and the radius: GeoJSON has no circles."""
    return {"center": point(value["center"]), "radius": float(value["radius"])}


def line(value: dict[str, Any]) -> dict[str, Any]:
    """Return the coefficients of the infinite line ax + by + c = 0."""
    return {name: float(value[name]) for name in ("a", "b", "c")}


class _Reader:
    """Reads one well-known binary: OGC's and ISO's (types + 1000 for Z) and PostGIS's extended form (flags)."""

    def __init__(self, wkb: bytes) -> None:
        self._wkb = wkb
        self._place = 0
        self._order = "<"

    def geometry(self) -> dict[str, Any]:
        """Read one geometry, with all that it holds."""
        self._order = "<" if self._take("B")[0] else ">"
        code = self._take("I")[0]
        if code & _EWKB_SRID:
            self._take("I")
        kind, dimension = code & 0xFFFF, 2
        if code & _EWKB_M or kind >= 2000:
            raise ValueError("it has measures, which GeoJSON does not know")
        if code & _EWKB_Z or kind >= 1000:
            dimension = 3
        name = _NAMES.get(kind % 1000)
        if name is None:
            raise ValueError(f"GeoJSON does not know geometries of the type {kind}")
        if name == "GeometryCollection":
            return {"type": name, "geometries": [self.geometry() for _ in range(self._count())]}
        return {"type": name, "coordinates": self._coordinates(name, dimension)}

    def _coordinates(self, name: str, dimension: int) -> list[Any]:
        if name == "Point":
            coordinates = self._position(dimension)
            return [] if isnan(coordinates[0]) else coordinates  # so is the empty point written
        if name == "LineString":
            return [self._position(dimension) for _ in range(self._count())]
        if name == "Polygon":
            return [self._coordinates("LineString", dimension) for _ in range(self._count())]
        return [self.geometry()["coordinates"] for _ in range(self._count())]

    def _position(self, dimension: int) -> list[float]:
        return list(self._take("d" * dimension))

    def _count(self) -> int:
        count: int = self._take("I")[0]
        return count

    def _take(self, layout: str) -> tuple[Any, ...]:
        structure = Struct(self._order + layout)
        if self._place + structure.size > len(self._wkb):
            raise ValueError("the well-known binary ends too early")
        values = structure.unpack_from(self._wkb, self._place)
        self._place += structure.size
        return values
