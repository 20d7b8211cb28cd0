# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""A real control plane for each process that runs tests, and a namespace for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lib.servers.kubernetes import ControlPlane, NotBuilt, control_plane
from lib.servers.kubernetes_namespace import Namespace

USERS = ("arf", "reader")


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """The control plane; the tests skip where it is not built."""
    try:
        with control_plane(tmp_path_factory.mktemp("kubernetes"), users=USERS) as plane:
            yield plane
    except NotBuilt as missing:
        pytest.skip(str(missing))


@pytest.fixture
def plane(running: ControlPlane) -> ControlPlane:
    """The control plane, started again if a test before killed it."""
    running.start()
    return running


@pytest.fixture
def namespace(plane: ControlPlane) -> Iterator[Namespace]:
    """A namespace of the test's own, in which the user ``arf`` has the rights of docs/kubernetes.md."""
    made = Namespace(plane, user="arf")
    yield made
    made.close()
