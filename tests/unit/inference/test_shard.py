from __future__ import annotations

import pytest

from sonolesion.errors import InvalidInputError
from sonolesion.inference.shard import WHOLE, Shard, parse_shard


@pytest.mark.parametrize("count", [1, 2, 3, 7, 100])
def test_shards_hold_each_item_once_and_are_even(count: int) -> None:
    parts = [list(Shard(number, count).take(range(50))) for number in range(1, count + 1)]
    assert sorted(item for part in parts for item in part) == list(range(50))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_text_and_back() -> None:
    assert str(parse_shard(" 16 / 16 ")) == "16/16"
    assert parse_shard("1/1") == WHOLE


@pytest.mark.parametrize("text", ["", "3", "0/4", "5/4", "-1/4", "1/0", "a/b", "1/2/3", "1.5/4"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="shard: expected K/N"):
        parse_shard(text)
