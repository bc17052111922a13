"""Checks of a prepared folder: files, hashes, sizes, masks, counts, and that nothing leaks.

Every check looks at all rows, so one run lists all that is wrong, each with the file and the cure.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sonolesion.data.checks import (
    Finding,
    RowCheck,
    check_counts,
    check_derived,
    check_extra,
    check_files,
    check_groups,
    check_raw,
    check_twins,
)
from sonolesion.data.manifest import LEFT_OUT, read_manifest
from sonolesion.data.scan import ProgressFactory, map_cases
from sonolesion.errors import VerificationError


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check and what it found.

    Attributes:
        name: of the check.
        meaning: what it checks, in a few words.
        checked: how many things were looked at.
        findings: what is wrong; empty if the check passes.
    """

    name: str
    meaning: str
    checked: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """All checks of a prepared folder.

    Attributes:
        folder: the folder with the manifest.
        split_hash: as recorded.
        checks: in the order in which they ran.
        warnings: known faults of the protocol that are no failure (the mission's leaks).
    """

    folder: Path
    split_hash: str
    checks: tuple[CheckResult, ...]
    warnings: tuple[str, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that is wrong, over all checks."""
        return tuple(finding for check in self.checks for finding in check.findings)

    def raise_if_failed(self) -> None:
        """Raise a VerificationError that names the first finding and their number, if any."""
        if self.findings:
            first = self.findings[0]
            raise VerificationError(
                f"{self.folder}: {len(self.findings)} checks failed; the first: "
                f"{first.file}: {first.message}"
            )


def verify(
    folder: Path,
    *,
    dataset: Path | None = None,
    look_for_twins: bool = True,
    workers: int | None = None,
    progress: ProgressFactory | None = None,
) -> VerifyReport:
    """Check a prepared folder.

    The mission protocol's leaks are known and reported as warnings, not as findings.

    Args:
        folder: OUT of `prepare`, or its `processed` folder.
        dataset: raw data set, to compare the input files' hashes with; None leaves that out.
        look_for_twins: search the processed images for near-duplicates across parts, so that a
            split is caught whose manifest states the wrong groups (not for protocol mission).
        workers: threads; None for one per processor.
        progress: makes a progress bar.

    Raises:
        DatasetError: there is no manifest, or it does not parse.
    """
    manifest = read_manifest(folder)
    used = [row for row in manifest.rows if row.part != LEFT_OUT]
    size = manifest.record.image_size_px
    looked_at = map_cases(lambda row: check_files(manifest, row), used,
                          description="Verifying", workers=workers, progress=progress)  # fmt: skip
    leaks: dict[str, list[Finding]] = {"groups": check_groups(manifest), "twins": []}
    mission = manifest.record.protocol == "mission"
    look_for_twins = look_for_twins and not mission
    if look_for_twins:
        leaks["twins"] = check_twins(manifest, looked_at, workers=workers, progress=progress)
    warnings: tuple[str, ...] = ()
    if mission:
        warnings = _excuse_leaks(leaks)
    checks = [
        _collect("files", "all processed files are there and readable", looked_at),
        _collect("hash", "files are as they were written", looked_at),
        _collect("size", f"images and masks are {size}x{size} px", looked_at),
        _collect("mask", "masks hold 0 and 255 alone and agree with the manifest", looked_at),
        CheckResult("extra", "no file is there that the manifest does not name", len(used),
                    tuple(check_extra(manifest, used))),
        CheckResult("counts", "ids, parts, paths and the split hash agree", len(manifest.rows),
                    tuple(check_counts(manifest))),
        CheckResult("groups", "no group straddles parts", len({row.group for row in used}),
                    tuple(leaks["groups"])),
    ]  # fmt: skip
    if derived := [row for row in manifest.rows if row.is_derived]:
        checks.append(CheckResult("derived", "derived rows lie where their sources lie",
                                  len(derived), tuple(check_derived(manifest))))  # fmt: skip
    if look_for_twins:
        checks.append(CheckResult("twins", "no near-duplicates in different parts, looked for anew",
                                  len(used), tuple(leaks["twins"])))  # fmt: skip
    if dataset is not None:
        sources = [row for row in manifest.rows if not row.is_derived]  # whose files the rest name
        raw = map_cases(lambda row: check_raw(dataset, row), sources,
                        description="Comparing raw files", workers=workers,
                        progress=progress)  # fmt: skip
        findings = tuple(finding for item in raw for finding in item)
        checks.append(CheckResult("raw", "the raw files are unchanged", len(raw), findings))
    return VerifyReport(manifest.folder, manifest.record.split_hash, tuple(checks), warnings)


def _collect(name: str, meaning: str, looked_at: list[RowCheck]) -> CheckResult:
    found = tuple(f for item in looked_at for f in item.findings if f.check == name)
    return CheckResult(name, meaning, len(looked_at), found)


def _excuse_leaks(leaks: dict[str, list[Finding]]) -> tuple[str, ...]:
    count = len(leaks["groups"])
    leaks["groups"] = []
    if not count:
        return ()
    return (
        f"{count} groups of near-duplicates straddle parts: the mission protocol's known leak. "
        "Use --protocol grouped for honest results.",
    )
