"""Read the YAML of a site or study file as a person means it, and say what is wrong in one sentence."""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from pipelines.errors import UsageError

_NULLS = ("~", "null", "Null", "NULL", "")


class _TextLoader(yaml.SafeLoader):
    """Every scalar stays text: YAML 1.1 would read the answers YES and NO as booleans and 010 as eight."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str | None) or key in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"key {key!r} stands twice", problem_mark=key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


_TextLoader.yaml_implicit_resolvers = {}
for _first in ("~", "n", "N", ""):
    _TextLoader.yaml_implicit_resolvers[_first] = [
        ("tag:yaml.org,2002:null", yaml.SafeLoader.yaml_implicit_resolvers[""][0][1])
    ]


def read_yaml(path: Path, kind: str = "site") -> dict[str, Any]:
    """The mapping in this file, all scalars as text or None. Raises UsageError naming the line.

    `kind` is what the file is, and its first key: site or study.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}: the {kind} file cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: the {kind} file is not UTF-8.") from error
    try:
        # _TextLoader derives from SafeLoader: it constructs text, lists and mappings only
        content = yaml.load(text, Loader=_TextLoader)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UsageError(f"{path}{line}: not valid YAML: {error.problem}.") from error
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: not valid YAML.") from error
    if not isinstance(content, dict):
        raise UsageError(f"{path}: a {kind} file is a mapping that begins with `{kind}:`.")
    return content


def nearest(word: str, valid: Iterable[str]) -> str:
    """A clause that names the valid word nearest to this one, or all of them where none is near."""
    words = list(valid)
    # the case is a slip too: `FHIR` means fhir
    by_lower = {w.lower(): w for w in words}
    close = difflib.get_close_matches(word.lower(), list(by_lower), n=1, cutoff=0.5)
    return f"the nearest is {by_lower[close[0]]}" if close else f"valid are {', '.join(words)}"


def sentence(path: Path, error: ValidationError) -> str:
    """The first thing pydantic found, with the place in the file and the count of the rest."""
    found = error.errors(include_url=False, include_input=False)
    # a list whose item is wrong is reported as empty too
    first, *rest = [item for item in found if item["type"] != "too_short"] or found
    message = first["msg"].removeprefix("Value error, ").rstrip(".")
    place = _place(first["loc"])
    more = f" ({len(rest)} more after this one)" if rest else ""
    return f"{path}: {place}{message[0].lower() + message[1:]}.{more}"


def _place(location: tuple[int | str, ...]) -> str:
    """`sources[1].tables.medications[0]: `, counting from 1 as a reader does."""
    text = ""
    for part in location:
        if part in ("afterline", "flat") or (isinstance(part, str) and "[" in part):
            continue  # tags that pydantic adds for a union
        text += f"[{part + 1}]" if isinstance(part, int) else f"{'.' if text else ''}{part}"
    return f"{text}: " if text else ""
