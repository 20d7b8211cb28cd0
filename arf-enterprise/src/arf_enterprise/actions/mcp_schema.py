# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Holding arguments against the JSON Schema of a tool. Nothing is fetched: a schema that refers elsewhere is none."""

from __future__ import annotations

from typing import Any, Final

MOST_TOLD: Final = 300


def against(schema: dict[str, Any], arguments: Any) -> str | None:
    """What ``schema`` has against ``arguments``; None if nothing."""
    import referencing.exceptions
    from jsonschema import Draft202012Validator, SchemaError
    from jsonschema.validators import validator_for

    kind = validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(schema)
        # A registry of its own: the usual one would ask the network for what a schema refers to.
        complaints = sorted(
            error.message for error in kind(schema, registry=referencing.Registry()).iter_errors(arguments)
        )
    except SchemaError as error:
        return f"its schema is none: {error.message[:MOST_TOLD]}"
    except (referencing.exceptions.Unresolvable, RecursionError) as error:
        return f"its schema cannot be followed: {type(error).__name__}"
    return complaints[0][:MOST_TOLD] if complaints else None
