"""What models have in common that are kept in MongoDB."""

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class StoredModel(BaseModel):
    """A frozen model, stored in camelCase."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    def stored(self) -> dict[str, Any]:
        """The model as a BSON document."""
        return self.model_dump(by_alias=True, exclude_none=True, mode="python")
