"""The quality gate: checks declared once as data, run by Great Expectations, every violating key kept.

Importing this package stays light: Great Expectations (three seconds, and a few hundred megabytes) is loaded
only by the process that `validate` starts.
"""

from __future__ import annotations

from expectations.gate import validate
from expectations.verdict import Failure, Verdict

__all__ = ["Failure", "Verdict", "validate"]
