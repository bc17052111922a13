"""What goes over the wire: the JSON that routes take and give, as the interface describes it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sonolesion.store.reads import BIRADS

READER_PATTERN = r"^[^\x00-\x1f\x7f]{1,80}$"
LABEL_PATTERN = r"^[^\x00-\x1f\x7f]*$"
ID_PATTERN = r"^[0-9a-f]{16}$"

ReaderName = Annotated[str, Field(pattern=READER_PATTERN, max_length=80, description="Who reads.")]
CaseId = Annotated[str, Field(pattern=ID_PATTERN, description="16 hex digits.")]
LabelText = Annotated[str, Field(pattern=LABEL_PATTERN, max_length=200)]
Birads = Annotated[
    Literal["0", "1", "2", "3", "4", "4A", "4B", "4C", "5", "6"],
    Field(description="BI-RADS category."),
]
Percent = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
Coordinate = Annotated[float, Field(ge=-1e5, le=1e5, allow_inf_nan=False)]
PointPx = Annotated[list[Coordinate], Field(min_length=2, max_length=2, description="row, col")]
MmPerPx = Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)]

assert set(Birads.__args__[0].__args__) == set(BIRADS)  # type: ignore[attr-defined]


class Taken(BaseModel):
    """What is taken; an unknown field, or a value of another kind, is an error."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ErrorDetail(BaseModel):
    """What went wrong."""

    id: str = Field(description="Stable, such as E-IMG-002; the ids of the command line.")
    message: str = Field(description="For people: what was expected, what came, what to do.")


class ErrorBody(BaseModel):
    """The one shape of every error."""

    error: ErrorDetail


class CaseAnswerBody(BaseModel):
    """The model's answer in short."""

    label: str
    confidence: float
    class_prob: dict[str, float]
    unsure: bool
    malignant_alert: bool


class CaseBody(BaseModel):
    """One case, as the reader who asks may see it."""

    id: str
    label: str
    state: Literal["waiting", "reading", "read", "refused"]
    created: str
    width_px: int | None
    height_px: int | None
    spacing_mm: list[float] | None
    spacing_source: Literal["file", "hand", "none"]
    earlier: str | None
    frame: int | None
    view: int | None
    media: str
    bundle: str | None
    error: ErrorDetail | None
    notes: list[str]
    is_edited: bool
    own_read_done: bool
    final_read_done: bool
    answer: CaseAnswerBody | None = Field(description="null while it is not to be seen.")


class CaseListBody(BaseModel):
    """A part of the work list."""

    cases: list[CaseBody]
    total: int = Field(description="How many cases the query has in all.")


class CaseChangeBody(Taken):
    """What of a case is to change; a field that is left out stays."""

    label: LabelText | None = None
    mm_per_px: MmPerPx | Annotated[list[MmPerPx], Field(min_length=2, max_length=2)] | None = Field(
        None, description="Size of a pixel by hand, or [row, col]; null for what the file says."
    )
    earlier: CaseId | None = Field(None, description="Case of the earlier visit; null for none.")


class NewReadBody(Taken):
    """What one reader saw or said of a case."""

    reader: ReaderName
    event: Literal["opened", "own_read", "uncovered", "final_read"]
    birads: Birads | None = None
    probability: Percent | None = Field(None, description="Of malignant, in percent.")
    calipers_px: list[Annotated[list[PointPx], Field(min_length=2, max_length=2)]] | None = Field(
        None, max_length=20
    )
    outline_px: list[Annotated[list[PointPx], Field(max_length=5000)]] | None = Field(
        None, max_length=20
    )
    seconds: Seconds | None = None
    decision: Literal["kept", "changed"] | None = None


class ReadBody(BaseModel):
    """One event, as it was kept."""

    id: int
    at: str
    reader: str
    event: str
    birads: str | None
    probability: float | None
    calipers_px: list[Any] | None
    outline_px: list[Any] | None
    seconds: float | None
    decision: str | None


class ReadListBody(BaseModel):
    """The events of a case, oldest first."""

    reads: list[ReadBody]


class MeasuredBody(BaseModel):
    """The lesions of a mask, with the fields of the documented row."""

    lesions: list[dict[str, Any]]
    n_specks: int
    mask_px: int
    mask_coverage: float
    spacing_mm: list[float] | None


class OutlineBody(BaseModel):
    """One version of an edited outline."""

    id: int
    reader: str
    at: str
    based_on: str
    area_px: int
    is_withdrawal: bool


class OutlineListBody(BaseModel):
    """All versions, oldest first."""

    outlines: list[OutlineBody]


class SettingsBody(BaseModel):
    """The desk's settings."""

    own_read_first: bool
    bundle: str


class SettingsChangeBody(Taken):
    """What of the settings is to change."""

    own_read_first: bool | None = None
    bundle: Annotated[str, Field(max_length=100)] | None = None


class StatusBody(BaseModel):
    """How the desk is doing."""

    version: str
    bundle: str
    own_read_first: bool
    cases_waiting: int
    cases_reading: int
    cases_read: int
    cases_refused: int
    workers: int
    workers_busy: int
    tasks_waiting: int
    worker_crashes: int
    audit_rows: int
    audit_head: str
    has_inbox: bool
    research_use_only: str


class BundleBody(BaseModel):
    """One model's card in short."""

    name: str
    version: str
    is_default: bool
    sha256: str
    description: str
    licence: str
    intended_use: str


class BundleListBody(BaseModel):
    """All models."""

    bundles: list[BundleBody]


class TokenBody(Taken):
    """The server's token."""

    token: Annotated[str, Field(max_length=1000)]


class NewJobBody(Taken):
    """What is to be read: cases, or the images of the inbox."""

    cases: Annotated[list[CaseId], Field(max_length=100_000)] = []
    inbox: bool = False


class JobBody(BaseModel):
    """A job and how far it is."""

    id: str
    created: str
    source: Literal["cases", "inbox"]
    state: Literal["running", "cancelled", "done"]
    total: int
    waiting: int = Field(description="Not begun, or at work.")
    done: int
    failed: int


class JobListBody(BaseModel):
    """Jobs, newest first."""

    jobs: list[JobBody]


ArmName = Annotated[Literal["alone", "with"], Field(description="Without or with the model.")]


class NewStudyBody(Taken):
    """A study to be made."""

    name: Annotated[str, Field(min_length=1, max_length=200, pattern=LABEL_PATTERN)]
    cases: Annotated[list[CaseId], Field(min_length=1, max_length=10_000)]
    readers: Annotated[list[ReaderName], Field(min_length=1, max_length=100)]
    arms: Annotated[list[ArmName], Field(min_length=1, max_length=2)] = ["alone", "with"]
    seed: Annotated[int, Field(ge=0, le=2**53)] = 0
    washout_days: Annotated[float, Field(ge=0, le=3650, allow_inf_nan=False)] = 0.0
    truth: dict[CaseId, bool] = Field({}, description="Case -> malignant, where it is known.")


class StudyBody(BaseModel):
    """A study and how far each reader is."""

    id: str
    name: str
    created: str
    seed: int
    cases: list[str]
    readers: list[str]
    arms: list[str]
    washout_days: float
    done: dict[str, int]
    total: dict[str, int]


class StudyListBody(BaseModel):
    """Studies, oldest first."""

    studies: list[StudyBody]


class NextReadBody(BaseModel):
    """What a reader reads next."""

    case: CaseBody | None = Field(description="null when all is done or the wash-out goes on.")
    arm: str | None
    session: int | None
    order: int | None
    done: int
    total: int
    not_before: str | None = Field(description="End of the wash-out.")


class NewStudyAnswerBody(Taken):
    """A reader's answer to the case that was asked for."""

    reader: ReaderName
    case: CaseId
    arm: ArmName
    session: Annotated[int, Field(ge=1, le=2)] | None = None
    birads: Birads
    probability: Percent
    seconds: Seconds
    malignant_call: bool | None = Field(None, description="Default: category 4 or higher.")
