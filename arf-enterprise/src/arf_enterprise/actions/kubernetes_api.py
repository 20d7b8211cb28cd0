# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""A few requests to a Kubernetes API server, and its answers in our words.

It speaks HTTP itself instead of taking the package ``kubernetes``: what is read must go back as it was read, and the
models of that package drop every field that is newer than they are; its requests have no time limit unless each call
is given one; and it takes twice as long to import.

1. Every request has a time limit, on this side and (writes) on the server's. Nothing is repeated here: after a write
   that was not answered nobody knows whether it happened, and the caller reads it back.
2. 401, 403 and every other 4xx is a refusal: nothing happened. 408, 429, 5xx and no answer: it cannot be told.
3. A write carries the ``resourceVersion`` that was read; 409 says that somebody wrote since, and nothing happened.
4. That something is not there is believed of the API server alone, which says so with a ``Status``: the 404 of a wrong
   address, or of what stands before the server, is no vanished deployment.
5. Proxies and redirections are not followed: the token goes to the server that was named.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/ (patch, dry run, resource versions, Status).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import httpx

from arf_enterprise.actions.kubernetes_access import Access
from arf_enterprise.errors import TargetMoved, TargetRefused, TargetUnavailable

CONNECT_S: Final = 3.0
MANAGER: Final = "arf-enterprise"
"""The field manager that Kubernetes notes in ``managedFields`` for what ARF writes."""

Thing = dict[str, Any]
"""An object of the API, as JSON."""

_MERGE: Final = "application/merge-patch+json"
_MOST_WORDS: Final = 400
_CANNOT_BE_TOLD: Final = frozenset({httpx.codes.NOT_FOUND, httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_MANY_REQUESTS})


class Api:
    """A connection to one API server. Made for one use, by one thread; ``close`` ends it."""

    def __init__(self, access: Access) -> None:
        """Nothing is connected yet."""
        self._token, self._timeout_s = access.token, access.timeout_s
        self._http = httpx.Client(
            base_url=access.server,
            headers={"Authorization": f"Bearer {access.token}", "User-Agent": MANAGER, "Accept": "application/json"},
            verify=access.trust,
            timeout=httpx.Timeout(access.timeout_s, connect=min(CONNECT_S, access.timeout_s)),  # rule 1
            trust_env=False,  # rule 5
            follow_redirects=False,
        )

    def get(self, path: str, *, is_extension: bool = False) -> Thing | None:
        """The object at ``path``; None if there is none, or, of an extension, no such kind.

        Raises:
            TargetUnavailable: the server does not answer, or not well.
            TargetRefused: it does not let ARF read this.
        """
        answer = self._send("GET", path)
        is_unknown = is_extension and answer.status_code == httpx.codes.NOT_FOUND
        return None if is_unknown or _is_missing(answer) else self._read(answer, path)

    def items(self, path: str, *, labels: str = "") -> list[Thing]:
        """The objects listed at ``path`` that the label selector ``labels`` selects; raises as :meth:`get`."""
        answer = self._send("GET", path, params={"labelSelector": labels} if labels else {})
        found = self._read(answer, path)
        kind = {"apiVersion": found.get("apiVersion", ""), "kind": found.get("kind", "").removesuffix("List")}
        return [{**kind, **item} for item in found.get("items") or []]

    def patch(self, path: str, body: Mapping[str, Any], *, dry_run: bool) -> Thing | None:
        """Merge ``body``, which has a resourceVersion, into what is at ``path``; the result, or None after a 409.

        Raises:
            TargetMoved: it is not there any more.
            TargetRefused, TargetUnavailable: as :meth:`get`.
        """
        wanted = {"fieldManager": MANAGER, "timeout": f"{self._timeout_s:.0f}s"} | (
            {"dryRun": "All"} if dry_run else {}
        )
        answer = self._send("PATCH", path, params=wanted, json=body, headers={"Content-Type": _MERGE})
        if answer.status_code == httpx.codes.CONFLICT:  # rule 3
            return None
        if _is_missing(answer):
            raise TargetMoved(f"{_short(path)} is not there any more")
        return self._read(answer, path)

    def close(self) -> None:
        """Give back the connection."""
        self._http.close()

    def _send(self, method: str, path: str, **parts: Any) -> httpx.Response:
        with _ours(method, path):
            return self._http.request(method, path, **parts)

    def _read(self, answer: httpx.Response, path: str) -> Thing:
        """The object in ``answer``, or the error that it is (rule 2)."""
        code, found = answer.status_code, _json(answer)
        if answer.is_success and found is not None:
            return found
        words = f"{answer.request.method} {_short(path)}: {code} {self._words(found)}".rstrip()
        if httpx.codes.is_client_error(code) and code not in _CANNOT_BE_TOLD:
            raise TargetRefused(f"Kubernetes refuses {words}")
        raise TargetUnavailable(f"Kubernetes does not answer as it should to {words}")

    def _words(self, status: Thing | None) -> str:
        """The server's own words, without our token if it should repeat it."""
        said = str((status or {}).get("message", "")).replace(self._token, "(token)")
        return said if len(said) <= _MOST_WORDS else f"{said[:_MOST_WORDS]}…"


@contextmanager
def _ours(method: str, path: str) -> Iterator[None]:
    try:
        yield
    except httpx.TimeoutException as error:
        raise TargetUnavailable(f"Kubernetes does not answer {method} {_short(path)} in time") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise TargetUnavailable(f"Kubernetes cannot be reached for {method} {_short(path)}: {error}") from error


def _is_missing(answer: httpx.Response) -> bool:  # rule 4
    return answer.status_code == httpx.codes.NOT_FOUND and (_json(answer) or {}).get("reason") == "NotFound"


def _json(answer: httpx.Response) -> Thing | None:
    try:
        found = answer.json()
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _short(path: str) -> str:
    """``deployments/checkout in payments`` for a path of the API."""
    parts = path.rpartition("/namespaces/")[2].split("/")
    return f"{'/'.join(parts[1:])} in {parts[0]}" if len(parts) > 1 else path
