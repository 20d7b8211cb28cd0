# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Arguments as JSON templates, which are values all the way: no text is put together, so nothing can be injected.

``{"$parameter": "scale_factor"}`` stands for a parameter of the intent's action, ``{"$before": "replicas"}`` for a key
of the state that the change was planned from. Everything else stands for itself; no other key begins with ``$``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from arf_core.errors import InputError
from arf_core.models.frozen import FrozenMap, Json, shown
from arf_core.strict_json import parse_json
from arf_enterprise.errors import ActionImpossible, SettingError

PARAMETER: Final = "$parameter"
BEFORE: Final = "$before"


def template_of(value: object, *, what: str) -> FrozenMap:
    """The template in ``value``: an object, or the text of one in JSON; an empty one for None.

    Raises:
        SettingError: it is neither, or has a substitution that does not exist.
    """
    try:
        found = parse_json(value, what=what) if isinstance(value, str) else value
        template = FrozenMap({} if found is None else found)  # type: ignore[arg-type]  # it refuses what is no mapping
    except InputError as error:
        raise SettingError(f"{what} must be a JSON object: {error}") from error
    _check(template, what)
    return template


def filled(template: Json, *, parameters: Mapping[str, object], before: Mapping[str, object]) -> Json:
    """``template`` with what its substitutions stand for.

    Raises:
        ActionImpossible: the action has no such parameter, or the state no such key.
    """
    match template:
        case Mapping():
            for key, known in ((PARAMETER, parameters), (BEFORE, before)):
                if key in template:
                    return _known(str(template[key]), known, key)
            return FrozenMap(
                {name: filled(value, parameters=parameters, before=before) for name, value in template.items()}
            )
        case tuple():
            return tuple(filled(value, parameters=parameters, before=before) for value in template)
    return template


def shows(state: Json, wanted: Json) -> bool:
    """Whether ``state`` has everything that is ``wanted``: objects may have more keys, all else must be equal."""
    if isinstance(wanted, Mapping):
        return isinstance(state, Mapping) and all(
            name in state and shows(state[name], value) for name, value in wanted.items()
        )
    return FrozenMap({"": state}) == FrozenMap({"": wanted})


def _check(template: Json, what: str) -> None:
    if isinstance(template, tuple):
        for value in template:
            _check(value, what)
    if not isinstance(template, Mapping):
        return
    for key, value in template.items():
        if key in {PARAMETER, BEFORE} and (len(template) != 1 or not isinstance(value, str)):
            raise SettingError(f'{what}: a substitution is written {{"{key}": "NAME"}}, alone in its object')
        if key.startswith("$") and key not in {PARAMETER, BEFORE}:
            raise SettingError(f"{what}: there is no substitution {key!r:.60}: there are {PARAMETER} and {BEFORE}")
        _check(value, what)


def _known(name: str, known: Mapping[str, object], key: str) -> Json:
    if name not in known:
        raise ActionImpossible(f"{key} names {shown(name)}: known are {', '.join(sorted(known)) or 'none'}")
    return known[name]
