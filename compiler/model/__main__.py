"""Prints the JSON Schema of the project file: `python -m launchctl.compiler.model > schemas/project.schema.json`."""

import sys

from launchctl.compiler.model.schema import project_schema
from launchctl.values import pretty

sys.stdout.write(pretty(project_schema()))
