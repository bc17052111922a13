"""The page's pure modules, run where they are used: in the browser. Expected values by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from desk_page import run_module

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_fit_shows_the_whole_image_in_the_middle(module_page: Page) -> None:
    view = run_module(
        module_page,
        """const {fit} = await import("/js/viewer/transform.js");
        return fit({width: 800, height: 600}, {width: 400, height: 400});""",
    )
    assert view == {"scale": 0.5, "x": 0, "y": 50}


def test_zoom_keeps_the_point_under_the_pointer(module_page: Page) -> None:
    before, after, back = run_module(
        module_page,
        """const m = await import("/js/viewer/transform.js");
        const image = {width: 800, height: 600}, stage = {width: 400, height: 300};
        const view = m.fit(image, stage), at = {x: 130, y: 77};
        const zoomed = m.zoomAt(view, 3, at, image, stage);
        return [m.toImage(view, at), m.toImage(zoomed, at), m.toStage(zoomed, m.toImage(zoomed, at))];""",
    )
    assert after["x"] == pytest.approx(before["x"])
    assert after["y"] == pytest.approx(before["y"])
    assert back == {"x": pytest.approx(130), "y": pytest.approx(77)}


def test_length_is_in_mm_where_the_scale_is_known(module_page: Page) -> None:
    in_px, in_mm = run_module(
        module_page,
        """const {lengthOf} = await import("/js/viewer/transform.js");
        const a = {x: 0, y: 0}, b = {x: 30, y: 40};
        return [lengthOf(a, b, null), lengthOf(a, b, [0.1, 0.2])];""",
    )
    assert in_px == {"value": 50, "unit": "px"}
    assert in_mm["unit"] == "mm"
    assert in_mm["value"] == pytest.approx((6.0**2 + 4.0**2) ** 0.5)


def test_full_window_changes_no_level_and_a_narrow_one_spreads(module_page: Page) -> None:
    full, narrow = run_module(
        module_page,
        """const {makeTable, FULL_RANGE} = await import("/js/viewer/levels.js");
        return [[...makeTable(FULL_RANGE)], [...makeTable({window: 52, level: 126})]];""",
    )
    assert full == list(range(256))
    # 100 to 151 are spread over black to white: (grey - 100) * 255 / 51 is five per level
    assert narrow[99:104] == [0, 0, 5, 10, 15]
    assert narrow[150:153] == [250, 255, 255]


def test_contours_run_along_the_edges_of_pixels(module_page: Page) -> None:
    loops = run_module(
        module_page,
        """const {traceContours, signedArea} = await import("/js/viewer/contours.js");
        const mask = Uint8Array.from([0,0,0,0,0, 0,1,1,1,0, 0,1,0,1,0, 0,1,1,1,0, 0,0,0,0,0]);
        return traceContours(mask, 5, 5).map((loop) => [loop.length, signedArea(loop) / 2]);""",
    )
    # a ring: 3 x 3 outside, one pixel inside that runs the other way round
    assert sorted(loops) == [[4, -1], [12, 9]]


def test_pixels_that_touch_by_a_corner_are_two_outlines(module_page: Page) -> None:
    for mask in ("[1,0, 0,1]", "[0,1, 1,0]"):
        lengths = run_module(
            module_page,
            f"""const {{traceContours}} = await import("/js/viewer/contours.js");
            return traceContours(Uint8Array.from({mask}), 2, 2).map((loop) => loop.length);""",
        )
        assert lengths == [4, 4]


def test_contour_areas_add_up_to_the_mask(module_page: Page) -> None:
    mask = (np.random.default_rng(5).random((40, 30)) < 0.5).astype(int)
    area = run_module(
        module_page,
        """const {traceContours, signedArea} = await import("/js/viewer/contours.js");
        return traceContours(Uint8Array.from(given), 30, 40).reduce((sum, loop) => sum + signedArea(loop) / 2, 0);""",
        mask.ravel().tolist(),
    )
    assert area == mask.sum()


def test_an_empty_mask_has_no_contour(module_page: Page) -> None:
    assert (
        run_module(
            module_page,
            """const {traceContours} = await import("/js/viewer/contours.js");
        return traceContours(new Uint8Array(12), 4, 3);""",
        )
        == []
    )


def test_polygon_fills_the_pixels_whose_centres_lie_inside(module_page: Page) -> None:
    corners = [(2.2, 1.1), (27.4, 6.3), (21.7, 24.6), (8.3, 28.9), (12.1, 14.2)]
    filled = run_module(
        module_page,
        """const {emptyMask, fillPolygon} = await import("/js/edit/mask.js");
        const mask = emptyMask(30, 30);
        fillPolygon(mask, given.map(([x, y]) => ({x, y})), 1);
        return [...mask.data];""",
        corners,
    )
    from matplotlib.path import Path as Polygon

    rows, cols = np.mgrid[:30, :30]
    inside = Polygon([*corners, corners[0]], closed=True).contains_points(
        np.column_stack([cols.ravel(), rows.ravel()])
    )
    assert filled == inside.astype(int).tolist()


def test_a_line_of_two_points_fills_nothing(module_page: Page) -> None:
    assert run_module(
        module_page,
        """const {emptyMask, fillPolygon, isEmpty} = await import("/js/edit/mask.js");
        const mask = emptyMask(5, 5);
        return [fillPolygon(mask, [{x: 0, y: 0}, {x: 4, y: 4}], 1), isEmpty(mask)];""",
    ) == [None, True]


def test_brush_paints_within_its_radius_and_the_image(module_page: Page) -> None:
    painted, box = run_module(
        module_page,
        """const {emptyMask, paintLine} = await import("/js/edit/mask.js");
        const mask = emptyMask(20, 12);
        const box = paintLine(mask, {x: -3, y: 5}, {x: 12, y: 8}, 2.5, 1);
        return [[...mask.data], box];""",
    )
    rows, cols = np.mgrid[:12, :20]
    along = np.clip(((cols + 3) * 15 + (rows - 5) * 3) / (15**2 + 3**2), 0, 1)
    distance = np.hypot(cols + 3 - along * 15, rows - 5 - along * 3)
    assert painted == (distance <= 2.5).astype(int).ravel().tolist()
    assert box["left"] == 0
    assert box["left"] + box["width"] <= 20


def test_undo_and_redo_bring_back_every_pixel(module_page: Page) -> None:
    states, walked = run_module(
        module_page,
        """const {emptyMask, copyMask, paintLine} = await import("/js/edit/mask.js");
        const {UndoStack} = await import("/js/edit/undo.js");
        const mask = emptyMask(60, 40), stack = new UndoStack(), states = [[...mask.data].join("")];
        for (let i = 0; i < 50; i += 1) {
          const before = copyMask(mask), at = {x: (i * 17) % 60, y: (i * 11) % 40};
          stack.push(before, mask, paintLine(mask, at, {x: at.y, y: at.x % 40}, 1 + i % 5, i % 3 ? 1 : 0));
          states.push([...mask.data].join(""));
        }
        const walked = [];
        while (stack.undo(mask)) walked.push([...mask.data].join(""));
        while (stack.redo(mask)) walked.push([...mask.data].join(""));
        return [states, walked];""",
    )
    assert walked == [*states[-2::-1], *states[1:]]


def test_a_new_change_ends_what_could_be_redone(module_page: Page) -> None:
    assert run_module(
        module_page,
        """const {emptyMask, copyMask, paintLine} = await import("/js/edit/mask.js");
        const {UndoStack} = await import("/js/edit/undo.js");
        const mask = emptyMask(9, 9), stack = new UndoStack();
        const paint = (x) => { const before = copyMask(mask); stack.push(before, mask, paintLine(mask, {x, y: 4}, {x, y: 4}, 1, 1)); };
        paint(1); paint(4); stack.undo(mask); paint(7);
        return [stack.length, stack.canRedo];""",
    ) == [2, False]


def test_a_mask_survives_the_way_through_png(module_page: Page) -> None:
    assert run_module(
        module_page,
        """const {maskToPng, maskOf} = await import("/js/viewer/pictures.js");
        const data = Uint8Array.from({length: 35}, (_, i) => (i * 7) % 3 ? 0 : 1);
        const png = await maskToPng({width: 7, height: 5, data});
        const back = maskOf(await createImageBitmap(png));
        return back.width === 7 && back.height === 5 && back.data.every((v, i) => v === data[i]);""",
    )


@pytest.mark.parametrize(
    ("hash_", "route"),
    [
        ("", {"view": "list", "id": None}),
        ("#/case/0a%2F1", {"view": "case", "id": "0a/1"}),
        ("#/studies", {"view": "studies", "id": None}),
        ("#/study/7", {"view": "study", "id": "7"}),
        ("#/nonsense/7", {"view": "list", "id": None}),
    ],
)
def test_addresses(module_page: Page, hash_: str, route: dict[str, str | None]) -> None:
    assert (
        run_module(
            module_page,
            """const {readRoute} = await import("/js/shell/router.js"); return readRoute(given);""",
            hash_,
        )
        == route
    )


def test_lengths_are_read_with_point_or_comma(module_page: Page) -> None:
    assert run_module(
        module_page,
        """const {readLength} = await import("/js/case/scale.js");
        return ["12.5", "12,5", "0", "-3", "", "ten"].map(readLength);""",
    ) == [12.5, 12.5, None, None, None, None]
