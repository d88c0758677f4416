"""All logical types."""

from tests.contract.types import everyday, special

TYPES = [*everyday.ALL, *special.ALL]

IN_EVERY_SERVER = (None, "vector")
"""What a type may need that the embedded server has."""
