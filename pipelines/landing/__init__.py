"""Landing: a site's extracts into `landing.duckdb`, append-only, every row accounted for (quality.md, 1)."""

from pipelines.landing.inputs import Refusal
from pipelines.landing.land import LandingResult, land
from pipelines.landing.rows import Landed

__all__ = ["Landed", "LandingResult", "Refusal", "land"]
