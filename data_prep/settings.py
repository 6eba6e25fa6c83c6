"""The size of a task folder (configs/tasks/), and the files that others published to take in the generator's place."""

from __future__ import annotations

from pydantic import Field, model_validator

from data_prep.ehrsql.build import Selected
from data_prep.medcalc.build import Selected as Calculators
from galen.types import Frozen


class NoteSize(Frozen):
    """How many instances a family gets in each split, of patients that no other split has."""

    train: int = Field(ge=0)
    valid: int = Field(ge=0)
    test: int = Field(ge=0)


class FamilySize(NoteSize):
    """Moreover `ood` test instances of unseen templates; of `train`, the first `demonstrations` are made to be shown."""

    demonstrations: int = Field(default=0, ge=0)
    ood: int = Field(ge=0)

    @model_validator(mode="after")
    def _fits(self) -> FamilySize:
        if self.demonstrations > self.train:
            raise ValueError(f"demonstrations = {self.demonstrations} are more than train = {self.train}")
        return self


class MimicSize(FamilySize):
    """`questions`: a brief choice with short answers, which a tiny model can learn, or all of EHRSQL's."""

    questions: Selected = "brief"


class MedCalcSize(FamilySize):
    """`calculators`: brief ones, which a tiny model can learn, or all of MedCalc-Bench's with all of their criteria."""

    calculators: Calculators = "brief"


class Kept(Frozen):
    """How many instances of a family are kept: of training and validation together, and of the test."""

    train: int = Field(ge=0)
    test: int = Field(ge=0)


class EhrshotSize(NoteSize):
    """`patients`: how many are generated for each split; those of train and valid in the sense of EHRSHOT, and of test."""

    patients: int = Field(default=1200, ge=300)


class FramesSize(FamilySize):
    """`patients` counts the people of whom hourly frames are made: prediction needs more than the other families."""

    patients: int = Field(default=3000, ge=20)


class DataSettings(Frozen):
    """The size of the gym. `patients` counts generated patients (or those sampled from raw MIMIC-III or eICU).

    A family without a size is left out. Of the families in `keep` so many are kept once all are made.
    """

    patients: int = Field(default=1200, ge=20)
    mimic_iii: MimicSize | None = None
    eicu: FamilySize | None = None
    treqs: FamilySize | None = None
    ehr_seqsql: FamilySize | None = None
    ehrcon: NoteSize | None = None
    medcalc: MedCalcSize | None = None
    npowerai: FamilySize | None = None
    biodsbench: FamilySize | None = None
    medagentbench: FamilySize | None = None
    ehrshot: EhrshotSize | None = None
    biocoder: NoteSize | None = None
    mimic_extract: FramesSize | None = None
    note_style: str = Field(default="brief", pattern="^(brief|full)$")
    keep: dict[str, Kept] = {}

    @model_validator(mode="after")
    def _made(self) -> DataSettings:
        for name in self.keep:
            if getattr(self, name, None) is None or name in ("patients", "note_style", "keep"):
                raise ValueError(f"keep.{name}: no family of this folder; give {name} a size")
        return self
