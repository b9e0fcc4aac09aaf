"""Write a synthetic site: its extracts, its site file, and the truth the warehouse has to find in them."""

from pathlib import Path
from typing import Final

import numpy as np

from pipelines.errors import UsageError
from pipelines.synthetic import clinic, courses, medications, receptors, scans, truth, untidy
from pipelines.synthetic.draws import Ints
from pipelines.synthetic.durations import draw_durations
from pipelines.synthetic.output import Format, SiteWriter
from pipelines.synthetic.scans import Columns
from pipelines.synthetic.stories import tell_stories
from pipelines.synthetic.strata import PER, assign_strata
from pipelines.synthetic.timelines import set_dates
from pipelines.synthetic.traits import draw_traits

DEMO_PATIENTS: Final = PER
DEMO_SEED: Final = 2024
CHUNK: Final = 10_000
_DUPLICATE_SHARE: Final = 0.002

_MARK: Final = "# Synthetic: "
_SITE_FILE: Final = """\
{mark}{patients} made-up patients, seed {seed}. No person stands behind any of them.
site: {site}
pseudonyms: none
sources:
  - format: afterline
    path: extracts/
"""


def synthesize(folder: Path, patients: int, seed: int, *, format: Format = "csv", site: str = "demo") -> None:  # noqa: A002
    """Write `site.yml`, `extracts/` and `truth.csv` into `folder`, which is made where missing.

    `patients` is the number of patients (1 or more), `seed` fixes everything else: same number and seed,
    same bytes. Memory does not grow with the number of patients, but for one byte each. Raises ValueError
    for fewer than one patient, UsageError where the folder holds a site that is not synthetic.
    """
    if patients < 1:
        raise ValueError("A synthetic site needs at least one patient.")
    site_file = folder / "site.yml"
    _refuse_to_overwrite(folder, site_file)
    strata = assign_strata(patients, seed)
    with SiteWriter(folder) as writer:
        for number, first in enumerate(range(0, patients, CHUNK), start=1):
            rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number,)))
            chunk = strata[first : first + CHUNK].astype(np.int64)
            for table, columns in _tables(rng, chunk).items():
                writer.append(table, columns, first)
        text = _SITE_FILE.format(mark=_MARK, patients=patients, seed=seed, site=site)
        site_file.write_text(text, encoding="utf-8")
        writer.finish(format)


def _refuse_to_overwrite(folder: Path, site_file: Path) -> None:
    """A folder that holds a hospital's own site stays as it is; a synthetic one may be written again."""
    if site_file.exists():
        if not site_file.read_text(encoding="utf-8").startswith(_MARK):
            raise UsageError(f"{site_file} is not synthetic: choose another folder.")
    elif any((folder / "extracts").glob("*")):
        raise UsageError(f"The extracts in {folder} are not synthetic: choose another folder.")


def _tables(rng: np.random.Generator, strata: Ints) -> dict[str, Columns]:
    """All tables of one chunk: stories first, dates second, records last."""
    stories = tell_stories(rng, strata)
    times = set_dates(rng, stories, draw_durations(rng, stories))
    traits = draw_traits(rng, stories, times)
    seen = scans.how_progression_is_seen(rng, stories, times)
    plan = courses.plan_courses(rng, stories, times, traits, seen)
    parts = [
        medications.medication_rows(rng, plan),
        untidy.never_given(rng, stories, times),
        untidy.unreadable(rng, stories, times),
    ]
    drugs = {name: np.concatenate([part[name] for part in parts]) for name in parts[1]}
    assessments = scans.assessment_rows(rng, stories, times, clinic.bone_only(traits), seen)
    visits = clinic.visit_rows(rng, stories, times, traits)
    rows = {
        "patients": (clinic.patient_rows(rng, stories, times, traits), "patient", 0.0),
        "diagnoses": (clinic.diagnosis_rows(rng, times, traits), "diagnosis_date", 0.0),
        "biomarkers": (receptors.biomarker_rows(rng, stories, times, traits), "sample_date", 0.0),
        "metastases": (clinic.metastasis_rows(rng, stories, times, traits), "detected_date", 0.0),
        "medications": (drugs, "start_date", _DUPLICATE_SHARE),
        "assessments": (assessments, "date", _DUPLICATE_SHARE),
        "performance_status": (clinic.ecog_rows(rng, stories, times, visits), "observed_date", 0.0),
        "encounters": (visits, "encounter_date", 0.0),
        "labs": (clinic.lab_rows(rng, stories, times, traits, visits), "sample_date", _DUPLICATE_SHARE),
        "procedures": (clinic.procedure_rows(rng, stories, times, traits), "procedure_date", 0.0),
        "comorbidities": (clinic.comorbidity_rows(rng, times, traits), "recorded_date", 0.0),
        "other_cancers": (clinic.other_cancer_rows(rng, times, traits), "diagnosis_date", 0.0),
    }
    tables = {
        table: untidy.in_order(rng, columns, date, share) for table, (columns, date, share) in rows.items()
    }
    return {**tables, "truth": truth.truth_rows(stories, times)}
