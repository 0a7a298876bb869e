"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

# A law is no law about time, and the machine may be busy.
settings.register_profile("lossbench", deadline=None)
settings.load_profile("lossbench")
