from __future__ import annotations

from pathlib import Path

import pytest

from sonolesion.files import cache_folder
from sonolesion.inference.speed_record import (
    MeasuredSpeed,
    SpeedKey,
    _from_cpuinfo,
    describe_cpu,
    keep_speed,
    recall_speed,
)

KEY = SpeedKey("a cpu", 2, "1.0", "0" * 64)
X86 = """processor\t: 0
cpu family\t: 6
model\t\t: 143
model name\t: Example 9000
stepping\t: 8
flags\t\t: fpu avx2 avx512f avx512_vnni amx_int8

processor\t: 1
model name\t: Another
"""
ARM = "processor\t: 0\nFeatures\t: fp asimd asimddp i8mm\nCPU part\t: 0xd40\n"


def test_what_is_kept_is_recalled_for_its_key_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SONOLESION_CACHE", str(tmp_path))
    assert recall_speed(KEY) is None
    measured = MeasuredSpeed(12.5, 5.0, 2.5, 9)
    keep_speed(KEY, measured)
    assert recall_speed(KEY) == measured
    assert recall_speed(SpeedKey("a cpu", 1, "1.0", "0" * 64)) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (X86, "Example 9000 6 143 8 avx2 avx512f avx512_vnni amx_int8"),
        (ARM, "0xd40 asimddp i8mm"),
    ],
)
def test_a_cpu_is_described_by_name_and_instructions(
    tmp_path: Path, text: str, expected: str
) -> None:
    (tmp_path / "cpuinfo").write_text(text)
    assert _from_cpuinfo(tmp_path / "cpuinfo") == expected


def test_the_description_of_this_cpu_does_not_change() -> None:
    assert describe_cpu() == describe_cpu() != ""


def test_the_cache_lies_where_the_system_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SONOLESION_CACHE", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert cache_folder() == Path("/caches/sonolesion")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "sonolesion"
    monkeypatch.setattr("sys.platform", "darwin")
    assert cache_folder() == Path.home() / "Library" / "Caches" / "sonolesion"
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    assert cache_folder() == Path("/local/sonolesion/cache")
