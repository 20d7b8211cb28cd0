# SPDX-License-Identifier: Apache-2.0
"""The names of the older package: what is kept, and what is refused with a way forward."""

from __future__ import annotations

import pytest

import arf_core
from arf_core.compatibility import CompatibilityLayer, FeatureRequiresEnterpriseError
from arf_core.errors import BoundaryError, DependencyError


@pytest.mark.promise("CFG-2")
@pytest.mark.parametrize(
    "feature", ["autonomous_execution", "approval_workflow", "persistent_storage", "learning_engine", "audit_trails"]
)
def test_a_feature_of_enterprise_is_refused_by_name(feature: str) -> None:
    with pytest.raises(FeatureRequiresEnterpriseError, match=feature) as refused:
        CompatibilityLayer.check_enterprise_feature(feature)
    assert "requires an ARF Enterprise license" in str(refused.value)
    assert refused.value.required_mode in {"approval", "autonomous"}
    assert isinstance(refused.value, BoundaryError)


@pytest.mark.promise("CFG-2")
def test_a_feature_of_the_open_edition_is_let_through() -> None:
    CompatibilityLayer.check_enterprise_feature("analysis")


@pytest.mark.promise("CFG-2")
def test_another_mode_than_advisory_is_refused_whatever_the_feature() -> None:
    with pytest.raises(FeatureRequiresEnterpriseError, match="autonomous"):
        CompatibilityLayer.check_enterprise_feature("analysis", "autonomous")


@pytest.mark.promise("CFG-2")
def test_the_client_factory_warns_and_says_how_to_get_the_client() -> None:
    with (
        pytest.warns(UserWarning, match="advisory"),
        pytest.raises(DependencyError, match="pip install arf-mcp-client"),
    ):
        arf_core.create_mcp_client()


def test_every_public_name_can_be_had() -> None:
    for name in arf_core.__all__:
        assert getattr(arf_core, name) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = arf_core.no_such_name
