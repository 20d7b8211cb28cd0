# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Policy packs: governance policies that somebody publishes and signs. The form is docs/contracts/policy-pack/1.

A pack is made from a folder::

    pack.yaml            {schema: arf.policy-pack-source/1, name: payments, version: 1.0.0, publisher: Example Ltd}
    README.md
    policies/NAME.yaml   governance policies
    tests/NAME.yaml      cases for policies/NAME.yaml (arf.governance-cases/1)

1. What is signed was read before: every policy loads, has cases, and comes out of them as expected.
2. A pack counts if a key that the verifier trusts signed it (``arf_core.verify.packs``). One from a URL comes over
   https, and its SHA-256 is pinned by whoever installs it.
3. Installing pushes a version of the policy. It never comes into force without a second person, not even as the first.
4. A pack replaces one of the same name only with a higher version.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from arf_core.canonical import file_digest
from arf_core.errors import ArfError, PolicyError
from arf_core.policy.document import Node, describe, read_document
from arf_core.policy.parts import schema_of
from arf_core.verify.archive import read_archive
from arf_core.verify.archive_form import write_archive
from arf_core.verify.entry_names import MANIFEST
from arf_core.verify.manifest import read_manifest, sealed
from arf_core.verify.packs import SCHEMA, SIGNATURE, SIGNED, verify_pack
from arf_core.verify.report import Report
from arf_core.verify.trust import TrustedKeys
from arf_enterprise.audit.evidence import statement
from arf_enterprise.audit.signing import KeyProvider
from arf_enterprise.errors import ConflictError, RequestError
from arf_enterprise.governance import store
from arf_enterprise.governance.cases import read_cases, try_out
from arf_enterprise.governance.policy import load
from arf_enterprise.governance.reading import Form
from arf_enterprise.governance.templates import template
from arf_enterprise.governance.versions import Version
from arf_enterprise.identity.principal import Principal
from arf_enterprise.stores.postgres.database import Transaction

SOURCE: Final = "arf.policy-pack-source/1"
SOURCE_FILE: Final = "pack.yaml"
KIND: Final = "governance"
STARTER_CASES: Final = """schema: arf.governance-cases/1
defaults: {environment: production, confidence: 0.9, instances: 1, share: 0.25, dependents: 0, reversible: true}
cases:
  - name: a restart is approved
    asked: {action: restart_container, component: web, tier: 2}
    expect: require_approval
  - name: two people for the most critical
    asked: {action: rollback, component: web, tier: 1}
    expect: require_approval
    quorum: 2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a pack is called."""

    name: str
    version: str
    publisher: str

    @property
    def number(self) -> tuple[int, ...]:
        """The version, to be compared."""
        return tuple(int(part) for part in self.version.split("."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A pack that verified: its label, its digest, and the texts of its policies by the names of their files."""

    label: Label
    digest: str
    policies: Mapping[str, str]
    report: Report


def starter(name: str, publisher: str) -> dict[str, str]:
    """The files of a new folder, by name: a template, cases for it, and what to write into the rest.

    Raises:
        RequestError: a name that no pack can have.
    """
    files = {
        SOURCE_FILE: f"schema: {SOURCE}\nname: {name}\nversion: 1.0.0\npublisher: {publisher}\n",
        "README.md": f"# {name}\n\nWhat these policies permit, to whom, and why.\n",
        "policies/approve.yaml": template("approve"),
        "tests/approve.yaml": STARTER_CASES,
    }
    check(files)
    return files


def check(files: Mapping[str, str]) -> Label:
    """What the pack in ``files`` is called, if rule 1 holds for it.

    Raises:
        RequestError: it does not; the message has every mistake.
    """
    mistakes: list[str] = []
    label = _label(files, mistakes)
    policies = [name for name in sorted(files) if name.startswith("policies/")]
    if not policies:
        mistakes.append("the folder has no policies/NAME.yaml")
    mistakes += [f"{name}: has no place in a pack" for name in sorted(files) if not _PLACES.fullmatch(name)]
    for name in policies:
        mistakes += _mistakes_of(name, files)
    if mistakes:
        raise RequestError("; ".join(mistakes[:20]))
    return label


def sign(files: Mapping[str, str], *, key: KeyProvider, now: datetime) -> bytes:
    """The signed archive of the pack in ``files``.

    Raises:
        RequestError: as :func:`check`.
        AuditError: the key cannot sign.
    """
    label = check(files)
    entries = {name: text.encode() for name, text in files.items() if name != SOURCE_FILE}
    fields = {"name": label.name, "version": label.version, "publisher": label.publisher, "kind": KIND}
    manifest = sealed(SCHEMA, fields, entries)
    read = read_manifest({MANIFEST: manifest})
    signature = statement(SCHEMA, {name: read[name] for name in SIGNED}, tenant=None, key=key, now=now)
    return write_archive({**entries, MANIFEST: manifest, SIGNATURE: signature})


def verified(data: bytes, *, name: str, trusted: TrustedKeys | None, pinned: str | None = None) -> Pack:
    """The governance pack in ``data``, if it verifies (rule 2) and ``pinned`` is the digest of its bytes.

    Raises:
        RequestError: it does not verify, is another file than the pinned one, or not for governance.
    """
    if pinned is not None and (found := file_digest(data)) != pinned:
        raise RequestError(f"{name} is {found}, and not the {pinned} that was pinned")
    report = verify_pack(data, name=name, trusted=trusted)
    if not report.ok:
        bad = report.first_bad
        raise RequestError(f"{name} does not verify: {'' if bad is None else f'{bad.where}: {bad.what}'}")
    try:
        entries = read_archive(data).entries
        manifest = read_manifest(entries)
    except ArfError as error:
        raise RequestError(str(error)) from error
    if manifest["kind"] != KIND:
        raise RequestError(f"{name} has {manifest['kind']} policies: `arf` uses those, governance is not their kind")
    texts = {entry: content.decode("utf-8", "replace") for entry, content in entries.items()}
    return Pack(
        label=Label(name=str(manifest["name"]), version=str(manifest["version"]), publisher=str(manifest["publisher"])),
        digest=str(manifest["digest"]),
        policies={entry: text for entry, text in texts.items() if entry.startswith("policies/")},
        report=report,
    )


def install(
    transaction: Transaction,
    pack: Pack,
    *,
    policy: str | None,
    by: Principal,
    request_id: str,
    now: datetime,
    updates: bool = False,
) -> store.Pushed:
    """Push one policy of ``pack``: the one file it has, or ``policies/{policy}.yaml``. It waits (rule 3).

    With ``updates``, a pack of that name must be installed already.

    Raises:
        RequestError: which policy is not clear, or it is none that loads here.
        ConflictError: the version is not higher than the installed one (rule 4), or there is none to update.
        NotPermitted: the caller may not write policies.
    """
    name = _chosen(pack, policy)
    installed = max(
        (label.number for label in installed_labels(store.history(transaction), pack.label.name)), default=None
    )
    if updates and installed is None:
        raise ConflictError(f"no pack {pack.label.name} is installed: use `policy pack install`")
    if installed is not None and pack.label.number <= installed:
        shown = ".".join(map(str, installed))
        raise ConflictError(f"{pack.label.name} {shown} is installed: {pack.label.version} is not higher")
    file = f"pack:{pack.label.name}@{pack.label.version}/{name}"
    return store.push(
        transaction, pack.policies[name], file=file, by=by, request_id=request_id, now=now, may_begin=False
    )


def installed_labels(versions: Iterable[Version], name: str) -> tuple[Label, ...]:
    """The packs of that name among the versions of the policy that were pushed, those rejected left out."""
    found = (_INSTALLED.fullmatch(version.file) for version in versions if _state(version) != "rejected")
    return tuple(Label(name=one[1], version=one[2], publisher="") for one in found if one and one[1] == name)


def _state(version: Version) -> str:
    return "waiting" if version.decision is None else version.decision.verdict


def _chosen(pack: Pack, policy: str | None) -> str:
    names = sorted(pack.policies)
    wanted = names[0] if policy is None and len(names) == 1 else f"policies/{policy}.yaml"
    if wanted not in pack.policies:
        shown = ", ".join(name.removeprefix("policies/").removesuffix(".yaml") for name in names)
        raise RequestError(f"name one policy of the pack with --policy: it has {shown}")
    return wanted


def _label(files: Mapping[str, str], mistakes: list[str]) -> Label:
    label = Label(name="", version="0", publisher="")
    if SOURCE_FILE not in files:
        mistakes.append(f"the folder has no {SOURCE_FILE}: `policy pack init` makes one")
        return label
    try:
        node = read_document(files[SOURCE_FILE], file=SOURCE_FILE)
    except PolicyError as error:
        mistakes.append(str(error))
        return label
    keys = ("schema", "name", "version", "publisher")
    form = Form(node, what="a pack", required=keys, optional=(), problems=mistakes)
    form.take("schema", schema_of(SOURCE), SOURCE)
    return Label(
        name=form.take("name", _matching(_NAME, "small letters, digits and '-', such as payments"), ""),
        version=form.take("version", _matching(_VERSION, "three numbers, such as 1.0.0"), "0"),
        publisher=form.take("publisher", _matching(_PUBLISHER, "1 to 200 printable ASCII characters"), ""),
    )


def _mistakes_of(name: str, files: Mapping[str, str]) -> list[str]:  # rule 1
    cases = f"tests/{name.removeprefix('policies/')}"
    try:
        policy = load(files[name], file=name)
        if cases not in files:
            return [f"{name}: has no cases: write {cases}"]
        tried = [try_out(policy, case) for case in read_cases(files[cases], file=cases)]
    except PolicyError as error:
        return [str(error)]
    return [f"{one.case.place}: {one.case.name}: {', '.join(one.differs)}" for one in tried if one.differs]


def _matching(form: re.Pattern[str], rule: str) -> Callable[[Node], str]:
    def read(node: Node) -> str:
        if not isinstance(node.value, str) or not form.fullmatch(node.value):
            raise PolicyError(f"{node.place}: this is {describe(node)}: it must be {rule}")
        return node.value

    return read


_NAME: Final = re.compile("[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_VERSION: Final = re.compile(r"(?:0|[1-9][0-9]{0,5})(?:\.(?:0|[1-9][0-9]{0,5})){2}")
_PUBLISHER: Final = re.compile("[\\x20-\\x7e]{1,200}")
_PLACES: Final = re.compile(r"pack\.yaml|README\.md|(?:policies|tests)/[A-Za-z0-9_.-]+\.yaml")
_INSTALLED: Final = re.compile(r"pack:([a-z0-9-]+)@([0-9.]+)/policies/[A-Za-z0-9_.-]+\.yaml")
