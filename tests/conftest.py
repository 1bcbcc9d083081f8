"""Property tests meet the same inputs on every machine; KILOBAR_EXPLORE=N asks for N others of each."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_EXPLORED = os.environ.get("KILOBAR_EXPLORE")
# Machines are busy: that an example is slow says nothing about the code.
settings.register_profile(
    "kilobar",
    derandomize=_EXPLORED is None,
    max_examples=int(_EXPLORED or 150),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("kilobar")
