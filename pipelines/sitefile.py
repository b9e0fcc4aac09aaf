"""The site file: what one hospital says about its extracts and its settings (spec: interface.md)."""

from __future__ import annotations

import os
import re
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, PrivateAttr, ValidationError, field_validator

from pipelines.errors import UsageError
from pipelines.site_sources import AfterlineSource, FileMapping, FlatSource, SiteModel, Source
from pipelines.site_yaml import nearest, read_yaml, sentence
from pipelines.studyfile import Study, load_study, studies_of_project, study_of_project

__all__ = ["AfterlineSource", "FileMapping", "FlatSource", "Site", "json_schema", "load_site"]

FORMATS = ("afterline", "flat", "omop", "fhir", "genie_bpc", "cbioportal")
# where a checkout keeps public example data; a site file names it as ${AFTERLINE_PUBLIC_DATA}
PUBLIC_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


class Shareable(SiteModel):
    """The rendering that leaves the house."""

    min_count: int = Field(default=5, ge=1, description="Counts below this are suppressed.")


class Limits(SiteModel):
    """Bounds on what is read: a broken export must not fill the disk."""

    max_file_mb: int = Field(default=4096, ge=1, description="Largest file as delivered.")
    max_expansion: int = Field(
        default=50, ge=1, description="A gzip file may unpack to this many times its size."
    )
    max_field_kb: int = Field(default=256, ge=1, description="Longest single field.")


class Retention(SiteModel):
    """How much of the past stays on disk."""

    publications: int = Field(default=14, ge=1, description="Publications to keep.")


class Privacy(SiteModel):
    """Beyond pseudonyms."""

    date_shift_days: int = Field(default=0, description="Largest shift of a patient's dates; 0 leaves them.")

    @field_validator("date_shift_days")
    @classmethod
    def _no_shift_yet(cls, value: int) -> int:
        # accepting it without shifting would publish dates the site believes shifted
        if value != 0:
            raise ValueError("this version does not shift dates: leave it at 0")
        return value


class Notify(SiteModel):
    """Whom to tell."""

    command: str | None = Field(default=None, description="Command to run after each run.")

    @field_validator("command")
    @classmethod
    def _no_command_yet(cls, value: str | None) -> str | None:
        if value is not None:
            raise ValueError("this version does not run a command after a run: leave it at null")
        return value


class Site(SiteModel):
    """A whole site file."""

    site: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", description="The site's id.")
    data_cut: date | None = Field(
        default=None, description="Last day that counts; else the latest date delivered."
    )
    data_cut_final: bool = Field(default=False, description="Whether this is the study's final data cut.")
    pseudonyms: Literal["keyed", "none"] = Field(
        "keyed", description="`none` for public or synthetic data only."
    )
    sources: tuple[Source, ...] = Field(min_length=1)
    rule_sets: Literal["all", "primary"] = Field(
        "all", description="`primary` computes that rule set alone, for very large sites."
    )
    studies: tuple[str, ...] = Field(
        default=(),
        description="Study files beside the palbociclib study: paths, relative to the site file and inside "
        "its folder or absolute, or names of those that come with the project.",
    )
    shareable: Shareable = Shareable()
    limits: Limits = Limits()
    retention: Retention = Retention()
    privacy: Privacy = Privacy()
    notify: Notify = Notify()

    _path: Path = PrivateAttr(default=Path("site.yml"))
    _study_files: tuple[Study, ...] = PrivateAttr(default=())

    @field_validator("sources", mode="before")
    @classmethod
    def _formats_read_by_this_version(cls, value: Any) -> Any:
        for number, source in enumerate(value if isinstance(value, list) else [], start=1):
            kind = source.get("format") if isinstance(source, dict) else None
            if kind in FORMATS and kind not in ("afterline", "flat"):
                raise ValueError(f"source {number}: this version reads afterline and flat, not yet {kind}")
            if kind is not None and kind not in FORMATS:
                raise ValueError(f"source {number}: no format '{kind}'; {nearest(str(kind), FORMATS)}")
        return value

    @property
    def path(self) -> Path:
        """The site file itself."""
        return self._path

    @property
    def study_files(self) -> tuple[Study, ...]:
        """The studies that the site adds to the project's own."""
        return self._study_files

    def folder_of(self, source: AfterlineSource | FlatSource) -> Path:
        """The source's folder as an absolute path; it need not exist.

        Raises UsageError where a relative path leads out of the site file's folder.
        """
        return self._place("path", source.path)

    def study_path(self, named: str) -> Path:
        """Where a study file named in `studies` lies: a bare name is one of the project's.

        Raises UsageError where the project has none of this name, or a relative path leads out of the site
        file's folder.
        """
        if "/" in named or named.lower().endswith((".yml", ".yaml")):
            return self._place("studies", named)
        if named not in studies_of_project():
            raise UsageError(
                f"{self._path}: studies: no study file '{named}' comes with the project; "
                f"{nearest(named, studies_of_project())}. A file of your own is named with its ending, "
                f"as {named}.yml."
            )
        return study_of_project(named)

    def _place(self, key: str, text: str) -> Path:
        written = _expand(key, text, self._path)
        if Path(written).is_absolute():
            return Path(written)
        home = self._path.parent.resolve()
        place = (home / written).resolve()
        if not place.is_relative_to(home):
            raise UsageError(
                f"{self._path}: {key}: '{text}' leads out of the site file's folder; write the absolute path."
            )
        return place


def load_site(path: Path) -> Site:
    """The site file at this path, with its study files.

    Raises UsageError with one sentence: what is wrong, and where.
    """
    content = read_yaml(path)
    try:
        site = Site.model_validate(content)
    except ValidationError as error:
        raise UsageError(sentence(path, error)) from error
    site._path = path.resolve()
    for source in site.sources:
        site.folder_of(source)
    site._study_files = tuple(load_study(site.study_path(named)) for named in site.studies)
    _require_different_ids(site)
    return _with_data_cut(site)


def _require_different_ids(site: Site) -> None:
    ids = [study.study for study in site.study_files]
    twice = [name for name in ids if ids.count(name) > 1]
    if twice:
        raise UsageError(f"{site.path}: studies: two of the files are the study '{twice[0]}'.")


def _with_data_cut(site: Site) -> Site:
    """The site with the data cut in force: a warehouse has one, so a study file's serves where the site file
    gives none, and two that differ are refused.
    """
    cut = site.data_cut
    final = site.data_cut_final if "data_cut_final" in site.model_fields_set else None
    for study in site.study_files:
        for name, said, before in (
            ("data_cut", study.data_cut, cut),
            ("data_cut_final", study.data_cut_final, final),
        ):
            if None not in (said, before) and said != before:
                raise UsageError(
                    f"{study.path}: {name}: {str(said).lower()} is not the {str(before).lower()} that "
                    f"{site.path.name} or another study file says; a warehouse has one data cut."
                )
        cut, final = cut or study.data_cut, study.data_cut_final if final is None else final
    return site.model_copy(update={"data_cut": cut, "data_cut_final": bool(final)})


def json_schema() -> dict[str, Any]:
    """JSON Schema of the site file, for editors and for the documentation."""
    return Site.model_json_schema()


def _expand(key: str, written: str, path: Path) -> str:
    """The path with ${NAME} replaced; only names that hold an absolute path. Raises UsageError otherwise."""

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        found = os.environ.get(name) or (str(PUBLIC_DATA) if name == "AFTERLINE_PUBLIC_DATA" else "")
        if not Path(found).is_absolute():
            raise UsageError(
                f"{path}: {key}: the environment variable {name} does not hold an absolute path."
            )
        return found

    return re.sub(r"\$\{(\w+)\}", value, written)
