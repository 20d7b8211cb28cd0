# SPDX-License-Identifier: Apache-2.0
"""The run proof: the whole public API and CLI of arf_core, driven under an audit hook. Entry: ``scripts/prove_run.py``.

* ``finding``   one thing that is wrong, and what a run reports
* ``listed``    what is forbidden, what is judged, and every exception with its reason
* ``frames``    who asked for an event
* ``hook``      the audit hook: counts every event, refuses the forbidden ones
* ``plants``    the planted escapes that show that each detector bites
* ``names``     every public name of the package, and which of them ran
* ``data``      made inputs; ``commands`` and ``calls`` drive the CLI and the API with them
* ``after``     what must be so when the drive has ended: files, limits, processes, sockets
* ``child``     the process that is watched; ``parent`` starts it and judges
* ``namespace`` once more without a network, under strace
"""
