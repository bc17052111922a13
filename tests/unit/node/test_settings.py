"""Settings: strict, and closed to strangers unless they are opened."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sonolesion.errors import ConfigError
from sonolesion.node.refusal import Reason
from sonolesion.node.settings import NodeSettings, check_ways, load_node_settings


def test_the_defaults_listen_to_this_machine_only() -> None:
    found = load_node_settings(None)
    assert (found.listen.host, found.listen.port) == ("127.0.0.1", 11112)
    assert found.poll.interval_s == 0
    assert found.keep.objects_h == 0


def test_file_and_overrides(tmp_path: Path) -> None:
    file = tmp_path / "node.toml"
    file.write_text('[listen]\nhost = "10.0.0.5"\ncallers = ["US1"]\n[pacs]\nhost = "10.0.0.9"\n')
    found = load_node_settings(file, overrides=["pacs.port=4242", "listen.callers=['A', 'B C']"])
    assert (found.pacs.host, found.pacs.port) == ("10.0.0.9", 4242)
    assert found.listen.callers == ["A", "B C"]
    check_ways(found)


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("listen.prot=1", "did you mean 'listen.port'"),
        ("pasc.host=a", "unknown setting 'pasc'"),
        ("listen.port=a", "listen.port"),
        ("listen.port=70000", "listen.port"),
        ("listen.host='0.0.0.0'", "needs a list of callers"),
        ("listen.host='::'", "needs a list of callers"),
        ("listen.callers=['TITLE LONGER THAN 16']", "listen.callers"),
        ("listen.callers=['A\\\\B']", "listen.callers"),
        ("listen.callers=['']", "listen.callers"),
        ("listen.addresses=['10.0.0.0/99']", "10.0.0.0/99"),
        ("web.password='secret'", "unknown setting 'web.password'; did you mean"),
        ("send.way=ftp", "send.way"),
        ("poll.modality='us'", "poll.modality"),
        ("read.max_colour_share=nan", "read.max_colour_share"),
    ],
)
def test_wrong_settings(override: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_node_settings(None, overrides=[override])
    assert says in str(caught.value)
    assert "secret" not in str(caught.value)


def test_other_addresses_with_a_list_of_callers() -> None:
    found = load_node_settings(None, overrides=["listen.host='0.0.0.0'", "listen.callers=['A']"])
    assert found.listen.host == "0.0.0.0"
    load_node_settings(None, overrides=["listen.host='0.0.0.0'", "listen.enabled=false"])


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        ([], "pacs.host"),
        (["send.way=stow"], "web.url"),
        (["pacs.host=a", "poll.interval_s=5.0"], "web.url"),
        (["pacs.host=a", "listen.enabled=false"], "listen.enabled"),
    ],
)
def test_ways_that_lead_nowhere(overrides: list[str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        check_ways(load_node_settings(None, overrides=overrides))


@pytest.mark.parametrize("section", NodeSettings.model_fields)
def test_every_setting_stands_in_the_page(section: str, repository: Path) -> None:
    page = (repository / "docs" / "how-to" / "dicom-node.md").read_text("utf-8")
    (row,) = [line for line in page.splitlines() if line.startswith(f"| `[{section}]`")]
    settings = getattr(load_node_settings(None), section)
    named = re.findall(r"`(\w+)`(?: ([^,(|`]+))?", row)
    assert [name for name, _ in named] == list(type(settings).model_fields)
    for name, default in named:
        value = getattr(settings, name)
        said = default.strip()
        expected = {"True": "true", "False": "false"}.get(str(value), f"{value}")
        assert said in (expected, expected.removesuffix(".0")), name


def test_every_reason_stands_in_the_page(repository: Path) -> None:
    page = (repository / "docs" / "how-to" / "dicom-node.md").read_text("utf-8")
    table = "\n".join(line for line in page.splitlines() if line.startswith("| `"))
    assert not [reason for reason in Reason if f"`{reason}`" not in table]


def test_pulling_needs_nothing_that_comes_in_by_itself() -> None:
    found = load_node_settings(None, overrides=["pacs.host=a", "listen.enabled=false"])
    check_ways(found, comes_in=False)
