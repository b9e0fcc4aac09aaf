"""The command line. Exit codes: 0 published, 1 failed, 2 wrong usage, 3 held by the gate, 4 locked.

Every command imports what it needs when it runs, so that `afterline --help` does not wait for dbt.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from pipelines.errors import AfterlineError, GateHeld, RunFailed, UsageError
from pipelines.warehouse import Warehouse


class _Commands(TyperGroup):
    """The commands below, and `synthesize`, which brings numpy along and is imported when asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), "synthesize"]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name != "synthesize":
            return super().get_command(ctx, cmd_name)
        from pipelines.synthetic.command import synthesize_command

        alone = typer.Typer(add_completion=False)
        alone.command("synthesize")(synthesize_command)
        return typer.main.get_command(alone)


app = typer.Typer(
    cls=_Commands,
    help="From a hospital's extracts to lines of therapy, PFS1 and PFS2: checked, published, reported.",
    no_args_is_help=True,
    add_completion=False,
    # a traceback is for the log; the person gets a sentence (main)
    pretty_exceptions_enable=False,
)

SiteFile = Annotated[
    Path | None,
    typer.Option(
        "--site", envvar="AFTERLINE_SITE", help="The site file; else site.yml, or site/site.yml, here."
    ),
]
Folder = Annotated[
    Path, typer.Option("--warehouse", envvar="AFTERLINE_WAREHOUSE", help="The warehouse folder.")
]
_DEFAULT_FOLDER = Path("warehouse")


def main() -> None:
    """Entry point of the console command: errors become one sentence and an exit code."""
    try:
        app()
    except AfterlineError as error:
        _complain(error.message)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # the reader (head, less) has seen enough; the interpreter must not complain on its way out
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        _complain(f"{error.filename or 'The disk'}: {error.strerror or type(error).__name__}.")
        sys.exit(RunFailed.exit_code)
    except Exception as error:
        _complain(f"Something went wrong that should not have; {_write_trace(error)}")
        sys.exit(RunFailed.exit_code)


@app.command()
def build(site: SiteFile = None, warehouse: Folder = _DEFAULT_FOLDER) -> None:
    """Run everything: land, dbt build, estimate, validate, render, publish."""
    from pipelines import nightly
    from pipelines.progress import for_this_terminal

    with for_this_terminal() as progress:
        facts = nightly.build(_site_file(site), warehouse, progress)
    _finish(facts)


@app.command()
def land(site: SiteFile = None, warehouse: Folder = _DEFAULT_FOLDER) -> None:
    """Land new extracts into landing.duckdb, and stop there."""
    from pipelines import nightly
    from pipelines.progress import for_this_terminal

    with for_this_terminal() as progress:
        facts = nightly.land(_site_file(site), warehouse, progress)
    _finish(facts)


@app.command()
def validate(warehouse: Folder = _DEFAULT_FOLDER) -> None:
    """Run the checks on the last build again; exit code 3 if one would hold it back."""
    from pipelines import steps
    from pipelines.progress import for_this_terminal

    with for_this_terminal() as progress:
        verdict = steps.validate(warehouse, progress)
    for failure in verdict.failing:
        typer.echo(f"{failure.severity}  {failure.check_id}: {failure.sentence}")
    counts = ", ".join(f"{count} {status}" for status, count in verdict.totals.items() if count)
    typer.echo(f"Gate {verdict.gate}: {counts}")
    if verdict.status == "held":
        raise typer.Exit(GateHeld.exit_code)


@app.command()
def report(
    warehouse: Folder = _DEFAULT_FOLDER,
    out: Annotated[Path | None, typer.Option(help="Folder to write; else build/site.")] = None,
) -> None:
    """Draw the report of the published marts again, into a folder of its own."""
    from pipelines import steps
    from pipelines.progress import for_this_terminal

    with for_this_terminal() as progress:
        page = steps.report(warehouse, out, progress)
    typer.echo(f"Report: {page}")


@app.command()
def status(warehouse: Folder = _DEFAULT_FOLDER) -> None:
    """The last run: when, what landed, what was quarantined, the gate's result, where the report is."""
    from pipelines.summary import lines, read_last_run

    facts = read_last_run(Warehouse(warehouse.resolve()))
    typer.echo(f"Last run: {facts['run_id']}, started {facts['started_at']} UTC")
    for line in lines(facts):
        typer.echo(line)
    for failure in facts["failing_checks"]:
        typer.echo(f"  {failure['severity']}  {failure['check_id']}: {failure['sentence']}")
    if facts["held"]:
        typer.echo(f"Held: {facts['held']}")


@app.command()
def sql(
    query: Annotated[str | None, typer.Argument(help="The query; without one, a prompt or stdin.")] = None,
    warehouse: Folder = _DEFAULT_FOLDER,
    as_csv: Annotated[bool, typer.Option("--csv", help="Write CSV, every row.")] = False,
) -> None:
    """Query the published warehouse, read-only."""
    from pipelines.query import prompt, run_query

    published = Warehouse(warehouse.resolve())
    if query is None:
        prompt(published, as_csv, sys.stdout)
    else:
        run_query(published, query, as_csv, sys.stdout)


@app.command()
def explain(
    patient: Annotated[str, typer.Argument(help="A pseudonym, or a real id.", show_default=False)],
    rule_set: Annotated[str, typer.Option(help="The rule set of line_rules.")] = "primary",
    profile: Annotated[str | None, typer.Option(help="One endpoint profile; else PFS under each.")] = None,
    diff: Annotated[
        tuple[str, str] | None, typer.Option(metavar="A B", help="Show where two rule sets part.")
    ] = None,
    warehouse: Folder = _DEFAULT_FOLDER,
) -> None:
    """How a patient's lines and endpoints came about: rule by rule, record by record."""
    from pipelines.explain.command import explain_patient

    explain_patient(warehouse, patient, rule_set, profile, diff, sys.stdout)


def _site_file(given: Path | None) -> Path:
    candidates = [given] if given is not None else [Path("site.yml"), Path("site/site.yml")]
    for path in candidates:
        if path.is_file():
            return path
    if given is None:
        raise UsageError("There is no site.yml here and none in site/: name the site file with --site.")
    raise UsageError(f"{given} is not a file: --site names the site file.")


def _finish(facts: dict[str, Any]) -> None:
    """Five lines, and the exit code that says the same to a script."""
    from pipelines.summary import lines

    for line in lines(facts):
        typer.echo(line)
    if facts["exit_code"]:
        raise typer.Exit(facts["exit_code"])


def _complain(sentence: str) -> None:
    typer.echo(f"afterline: {sentence}", err=True)


def _write_trace(error: Exception) -> str:
    """Keep an unexpected error's details in a private file; returns half a sentence that says where."""
    import tempfile
    import traceback

    from pipelines.progress import scrub

    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="afterline-", suffix=".log", delete=False, encoding="utf-8"
        ) as log:
            log.writelines(traceback.format_tb(error.__traceback__))
            log.write(f"{type(error).__name__}: {scrub(str(error))}\n")
    except OSError:
        return f"it was a {type(error).__name__}, and its details could not be written."
    return f"the details are in {log.name}."
