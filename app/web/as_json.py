"""How the bodies of requests are read: as the JSON that they are, whose texts are amounts and dates and whose lists are tuples."""

from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema, to_json


class AsJson:
    """Marks a strict value in a body: what the web took apart is put together again, and read by the rules for JSON.

    By the rules for Python's own values no text would be an amount, and nobody could report a dose.
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(to_json, core_schema.json_schema(handler(source)))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        inner: Any = schema
        return handler(inner["schema"]["schema"])
