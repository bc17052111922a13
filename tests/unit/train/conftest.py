from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install -e '.[train]'")


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    from prepared_folder import make_prepared_folder

    make_prepared_folder(tmp_path / "data")
    return tmp_path / "data"
