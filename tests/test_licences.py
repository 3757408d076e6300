"""launchctl is Apache-2.0, and what it needs at run time may be shipped with it."""

from __future__ import annotations

import hashlib
import re
from importlib.metadata import metadata
from pathlib import Path

import pytest
from packaging.markers import Marker

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = re.compile(
    r"MIT|BSD|Apache|ISC|PSF|Python Software Foundation|MPL-2\.0|Mozilla Public License 2\.0|Zlib|CC0|0BSD"
)
REFUSED = re.compile(r"\bA?GPL|GNU (Affero )?General Public|SSPL|Commons Clause|Proprietary", re.IGNORECASE)
_PIN = re.compile(r"^([a-z0-9-]+)==\S+(?: ; (.+?))? \\$", re.MULTILINE)
LOCKED = [
    name
    for name, marker in _PIN.findall((ROOT / "requirements" / "quickstart.txt").read_text())
    if not marker or Marker(marker).evaluate()
]


def test_the_licence_is_the_unchanged_text_of_apache_2() -> None:
    text = (ROOT / "LICENSE").read_bytes()
    assert hashlib.sha256(text).hexdigest() == "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


@pytest.mark.parametrize("name", LOCKED)
def test_a_dependency_has_a_permissive_licence(name: str) -> None:
    about = metadata(name)
    expression = " ".join(about.get_all("License-Expression") or ())
    classifiers = [text for text in about.get_all("Classifier") or () if text.startswith("License ::")]
    spoken = expression or "; ".join(classifiers) or " ".join(about.get_all("License") or ())[:200]
    assert ALLOWED.search(spoken), spoken
    assert not REFUSED.search(spoken), spoken
