"""Field classes of the target `process`: a queue of it has no configuration, so there are none."""

from __future__ import annotations

from launchctl.providers.fields import FieldTable

FIELDS = FieldTable()
