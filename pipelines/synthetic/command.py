"""The command `afterline synthesize`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipelines.synthetic.site import DEMO_PATIENTS, DEMO_SEED, synthesize


class FileFormat(StrEnum):
    """File formats of the extracts."""

    csv = "csv"
    csv_gz = "csv.gz"
    parquet = "parquet"


def synthesize_command(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder of the site; made where missing.", file_okay=False)
    ],
    patients: Annotated[int, typer.Option(min=1, help="How many patients.")] = DEMO_PATIENTS,
    seed: Annotated[int, typer.Option(min=0, help="Same number and seed: same bytes.")] = DEMO_SEED,
    file_format: Annotated[
        FileFormat, typer.Option("--format", help="Of the extract files.")
    ] = FileFormat.csv,
    site: Annotated[str, typer.Option(help="Name of the site in its site file.")] = "demo",
) -> None:
    """Write a synthetic site in the extract format, with the truth the warehouse has to find."""
    synthesize(folder, patients, seed, format=file_format.value, site=site)
    typer.echo(f"{patients} made-up patients in {folder}: extracts/, truth.csv, site.yml.")
