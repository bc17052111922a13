"""Reading the mission's published format, and refusing what is not one."""

from __future__ import annotations

import pickle

import pytest

torch = pytest.importorskip("torch")

from sonolesion.errors import TrainingError  # noqa: E402
from sonolesion.train.checkpoint import load_model_state, match_state  # noqa: E402
from sonolesion.train.models import ClassicUNet  # noqa: E402

pytestmark = pytest.mark.torch


def test_the_published_format_loads_whatever_its_layer_names(tmp_path):
    """`model_state_dict` beside optimiser state and floats, with the other program's names."""
    source = ClassicUNet(width=2)
    foreign = {f"layer{i}": v for i, v in enumerate(source.state_dict().values())}
    path = tmp_path / "best_model.pth"
    optimizer = torch.optim.Adam(source.parameters()).state_dict()
    torch.save(
        {"epoch": 9, "model_state_dict": foreign, "optimizer_state_dict": optimizer},
        path,
    )
    state, about = load_model_state(path)
    target = ClassicUNet(width=2)
    target.load_state_dict(match_state(target, state, name=str(path)))
    images = torch.rand(1, 1, 32, 32)
    ours, theirs = source.eval()(images), target.eval()(images)
    assert torch.equal(ours.mask_logits, theirs.mask_logits)
    assert torch.equal(ours.class_logits, theirs.class_logits)
    assert about["epoch"] == 9


class _Danger:
    def __reduce__(self):
        return (print, ("code ran",))


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", pickle.dumps(_Danger(), 2)])
def test_a_file_that_is_not_plain_tensors_is_refused(tmp_path, content, capsys):
    path = tmp_path / "best_model.pth"
    path.write_bytes(content)
    with pytest.raises(TrainingError, match="not a checkpoint"):
        load_model_state(path)
    assert "code ran" not in capsys.readouterr().out


def test_pickled_objects_are_refused(tmp_path, capsys):
    path = tmp_path / "best_model.pth"
    torch.save({"model_state_dict": _Danger()}, path)
    with pytest.raises(TrainingError):
        load_model_state(path)
    assert "code ran" not in capsys.readouterr().out


def test_another_network_is_refused_with_the_first_difference():
    with pytest.raises(TrainingError, match=r"encoder\.0\.0\.weight has shape \(4, 1, 3, 3\)"):
        match_state(ClassicUNet(width=2), ClassicUNet(width=4).state_dict(), name="x")


def test_a_missing_file_says_what_to_run(tmp_path):
    with pytest.raises(TrainingError, match="sonolesion train"):
        load_model_state(tmp_path / "none.pth")
