# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What a tool answers when it fails: the code of ``arf_enterprise.errors``, what happened, and what to do next.

1. Arguments are read as strictly as a body of REST: one that the tool does not have is refused, and so is text that
   the database cannot have. The answer names the argument and says nothing of its value.
2. What nobody expected says nothing of its inside: that is in the log, under the request's id.
3. What looks like a secret is hidden.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp_types import CallToolResult, TextContent
from pydantic import ValidationError

from arf_core.strict_json import parse_json
from arf_enterprise.errors import RequestError
from arf_enterprise.identity.hiding import hidden
from arf_enterprise.server.failures import failure
from arf_enterprise.server.gate import tell_unexpected

ERROR_KEY: Final = "arf/error"
"""Under which key of ``_meta`` a failed call carries its code, message, remedy and the request's id."""
_MOST_TOLD: Final = 5


class Typed(ToolError):
    """An error of ours, as a tool tells it."""

    def __init__(self, error: Exception, request_id: str) -> None:
        """Tell ``error``; what is the server's own affair goes to the log (rule 2)."""
        found = failure(error, request_id=request_id)
        if found.is_ours:
            tell_unexpected(error, request_id)
        told = cast("dict[str, Any]", parse_json(found.body, what="an error"))["error"]
        super().__init__(hidden(f"{told['code']}: {told['message']}\nWhat to do: {told['remedy']}"))
        self.told = told


def failed(error: ToolError, request_id: str) -> CallToolResult:
    """The answer of a call that raised ``error``.

    Raises:
        ToolError: the tool raised it on purpose, and says itself what it is.
    """
    typed = _typed(error, request_id)
    return CallToolResult(
        is_error=True, content=[TextContent(type="text", text=str(typed))], _meta={ERROR_KEY: typed.told}
    )


def require_plain(arguments: Mapping[str, Any], schema: Mapping[str, Any], request_id: str) -> None:
    """Refuse arguments that the tool of ``schema`` does not have, and text that cannot be stored (rule 1).

    Raises:
        Typed: one is refused.
    """
    known = sorted(schema.get("properties", {}))
    if not set(arguments) <= set(known):
        only = f"no other arguments than {', '.join(known)}" if known else "no arguments"
        raise Typed(RequestError(f"the tool has {only}"), request_id)
    for text in _texts(arguments):
        if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
            raise Typed(RequestError("an argument has a character that no text has (NUL, half a pair)"), request_id)


def _typed(error: ToolError, request_id: str) -> Typed:
    cause = error.__cause__
    if isinstance(error, Typed):
        return error
    if isinstance(cause, Typed):
        return cause
    if isinstance(cause, ValidationError):
        return Typed(RequestError(_sentence(cause)), request_id)
    if isinstance(error, UnexpectedToolError):
        return Typed(cause if isinstance(cause, Exception) else error, request_id)
    raise error


def _sentence(error: ValidationError) -> str:
    """What is wrong with the arguments, without their values (rule 1)."""
    wrong = error.errors(include_input=False, include_url=False, include_context=False)[:_MOST_TOLD]
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in wrong)


def _texts(value: object) -> Iterator[str]:
    """Every text in a JSON value, however deep."""
    left = [value]
    while left:
        match left.pop():
            case str() as text:
                yield text
            case Mapping() as members:
                yield from members
                left.extend(members.values())
            case list() as items:
                left.extend(items)
            case _:
                pass
