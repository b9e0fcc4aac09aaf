"""A seeded generator of coherent hospital extracts: stories first, dates second."""

from pipelines.synthetic.site import DEMO_PATIENTS, DEMO_SEED, synthesize

__all__ = ["DEMO_PATIENTS", "DEMO_SEED", "synthesize"]
