"""What the database and the documentation say of a model is what its file says on top."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

MODELS = Path(__file__).resolve().parents[2] / "dbt_project" / "models"
INTERMEDIATE = sorted((MODELS / "intermediate").glob("*/*.sql"))


def _head_comment(model: Path) -> str:
    lines = model.read_text(encoding="utf-8").splitlines()
    comment = [line for line in lines[: lines.index("")] if line.startswith("--")]
    return " ".join(line.removeprefix("--").strip() for line in comment)


def _described(folder: Path) -> dict[str, str]:
    documents = yaml.safe_load((folder / f"_{folder.name}.yml").read_text(encoding="utf-8"))
    return {model["name"]: model["description"] for model in documents["models"]}


@pytest.mark.parametrize("model", INTERMEDIATE, ids=lambda model: model.stem)
def test_description_is_the_head_comment(model: Path) -> None:
    assert _head_comment(model), "a model says on top what step it is, and by which rule"
    assert _described(model.parent).get(model.stem) == _head_comment(model)


def test_no_description_without_a_model() -> None:
    described = {name for folder in (MODELS / "intermediate").iterdir() for name in _described(folder)}
    assert described == {model.stem for model in INTERMEDIATE}
