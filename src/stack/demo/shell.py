"""Values as MongoDB's shell writes them."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from bson.decimal128 import Decimal128


def shown(value: Any) -> str:
    """The value in the shell's words; integers of 64 bits and of 32 look the same."""
    match value:
        case dict():
            return "{ " + ", ".join(f"{name}: {shown(each)}" for name, each in value.items()) + " }"
        case list():
            return "[ " + ", ".join(map(shown, value)) + " ]"
        case UUID():
            return f"UUID('{value}')"
        case Decimal128():
            return f"Decimal128('{value}')"
        case datetime():
            return f"ISODate('{value.astimezone(UTC).isoformat(timespec='milliseconds').removesuffix('+00:00')}Z')"
        case bytes():
            return f"BinData({len(value)} bytes)"
        case _:
            return json.dumps(value, ensure_ascii=False)
