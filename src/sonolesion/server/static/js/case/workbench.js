/** Stage, tools, marks and edits of one open case. */

import { getPicture } from "../api.js";
import { Stage } from "../viewer/stage.js";
import { FULL_RANGE } from "../viewer/levels.js";
import { COLOURS, contourOf, diametersOf } from "../viewer/layers.js";
import { BrushTool, LineTool, PolygonTool, drawMeasure, levelsTool, panTool } from "../viewer/tools.js";
import { EditSession } from "../edit/edit_session.js";
import { preference } from "../shell/preferences.js";
import { redraw } from "../shell/redraw.js";
import { say, show } from "../shell/announce.js";
import { errorText } from "../shell/errors.js";
import { formatNumber, t } from "../shell/texts.js";
import { lengthOf } from "../viewer/transform.js";
import { formatLength } from "./measurements.js";
import { askScale } from "./scale.js";

const EDIT_TOOLS = ["brush", "eraser", "polygon"];

export class Workbench {
  constructor(open, { onMeasured = () => {} } = {}) {
    this.open = open;
    this.onMeasured = onMeasured;
    this.hover = null;
    this.edit = null;
    this.map = null;
    this.isMapOn = false;
    this.isContourOn = true;
    this.isDiametersOn = preference("showDiameters");
    this.stage = new Stage({ onView: () => redraw(), onHover: (point, isKey) => this.showHover(point, isKey) });
    this.stage.formatLength = formatLength;
    this.stage.describe(t("viewer.label"), "viewer-help");
    this.stage.onDraw = () => this.afterDraw();
    const { stage } = this;
    const point = (p) => say(t("viewer.point", { x: Math.round(p.x), y: Math.round(p.y) }));
    const measured = (line) => {
      if (line) say(t("viewer.length", { length: formatLength(lengthOf(line.a, line.b, stage.spacing)) }));
      redraw();
    };
    this.tools = {
      pan: panTool(stage),
      levels: levelsTool(stage),
      ruler: new LineTool(stage, { name: "ruler", maxLines: 20, onPoint: point, onLine: measured }),
      calipers: new LineTool(stage, { name: "calipers", maxLines: 2, colour: COLOURS.own, onPoint: point, onLine: measured }),
      scale: new LineTool(stage, { name: "scale", maxLines: 1, onPoint: point, onLine: (line) => { if (line) this.setScale(line); } }),
      own: new PolygonTool(stage, { name: "own", colour: COLOURS.own, onPoint: point, onClose: (points) => this.addOwnOutline(points) }),
      polygon: new PolygonTool(stage, { name: "polygon", colour: COLOURS.edited, onPoint: point, onClose: (points) => this.session().fill(points) }),
    };
    this.ownOutlines = [];
    this.toolName = "pan";
    this.stage.setTool(this.tools.pan);
    // ruler and calipers stay in sight whatever tool is taken up
    this.stage.setLayers({ contours: [], diameters: [] });
  }

  get marks() { return { calipers: this.tools.calipers.lines, outlines: this.ownOutlines }; }
  get mayEdit() { return this.open.prediction !== null && !this.open.study; }
  get isEditTool() { return EDIT_TOOLS.includes(this.toolName); }

  pickTool(name) {
    if (EDIT_TOOLS.includes(name)) {
      if (!this.mayEdit) return;
      this.session();
    }
    this.toolName = name;
    this.stage.setTool(this.tools[name]);
    this.stage.canvas.setAttribute("aria-label", `${t("viewer.label")}. ${t(`tool.${name}`)}`);
    say(t(`tool.${name}`));
    redraw();
  }

  /** The edit session; begun when the first edit tool is taken up. */
  session() {
    if (this.edit) return this.edit;
    const { open, stage } = this;
    const { width, height } = open.image;
    this.edit = new EditSession({
      caseId: open.id,
      mask: open.mask,
      width,
      height,
      onMask: () => this.showLayers(),
      onMeasured: (measured) => {
        open.measured = measured;
        this.showLayers();
        this.onMeasured(measured);
        say(t("edit.measured", { n: measured.lesions.length }));
        redraw();
      },
      onError: (error) => show(errorText(error), { isError: true }),
    });
    this.tools.brush = new BrushTool(stage, { name: "brush", value: 1, session: this.edit });
    this.tools.eraser = new BrushTool(stage, { name: "eraser", value: 0, session: this.edit });
    this.showLayers();
    return this.edit;
  }

  endEdit() {
    this.edit?.close();
    this.edit = null;
    if (this.isEditTool) this.pickTool("pan");
    this.showLayers();
  }

  addOwnOutline(points) {
    this.ownOutlines = [...this.ownOutlines, points];
    say(t("viewer.outlineClosed", { n: this.ownOutlines.length }));
    this.showLayers();
    redraw();
  }

  clearMarks() {
    this.tools.calipers.lines = [];
    this.tools.ruler.lines = [];
    this.ownOutlines = [];
    this.showLayers();
    redraw();
  }

  async setScale(line) {
    const length = lengthOf(line.a, line.b, null).value;
    this.tools.scale.lines = [];
    const mm = await askScale(length);
    this.pickTool("pan");
    if (mm === null) return;
    try {
      await this.open.change({ mm_per_px: mm / length });
      show(t("scale.set", { mm: formatNumber(mm / length, 4) }));
    } catch (error) {
      show(errorText(error), { isError: true });
    }
  }

  showImage(image) {
    this.stage.setImage(image);
    this.showSpacing();
  }

  showSpacing() {
    this.stage.spacing = this.open.case.spacing_mm;
    this.stage.redraw();
  }

  /** Bring contours, diameters and map to the stage. */
  showLayers() {
    const { open, stage, edit } = this;
    const contours = [];
    const isEdited = edit !== null || open.editedMask !== null;
    if (this.isContourOn) {
      const opacity = preference("contourOpacity");
      if (open.modelMask && isEdited) contours.push({ ...this.contour("model", open.modelMask, { colour: COLOURS.model, dash: [4, 4] }), opacity: opacity * 0.6 });
      const mask = edit?.mask ?? open.mask;
      if (mask) {
        const look = { colour: isEdited ? COLOURS.edited : COLOURS.model, lesions: open.lesions };
        contours.push({ ...contourOf(mask, look), opacity });
      }
    }
    for (const points of this.ownOutlines) contours.push(ownContour(points));
    const isStale = edit?.isMeasuring;
    stage.setLayers({
      contours,
      diameters: this.isDiametersOn && this.isContourOn && !isStale ? diametersOf(open.lesions) : [],
      overlay: this.isMapOn && this.map ? { picture: this.map.picture, opacity: preference("mapOpacity") } : null,
    });
  }

  /** The model's contour is traced once. */
  contour(name, mask, look) {
    if (this.traced?.mask !== mask) this.traced = { mask, contour: contourOf(mask, look) };
    return this.traced.contour;
  }

  afterDraw() {
    const { stage } = this;
    for (const name of ["ruler", "calipers"]) {
      for (const line of this.tools[name].lines) drawMeasure(stage.context, stage, line, this.tools[name].colour);
    }
    if (stage.layers.contours.length && this.open.mask && !this.isMarked) {
      this.isMarked = true;
      // read by benchmarks/first_contour.py
      performance.mark("first-contour");
    }
  }

  async toggleMap() {
    this.isMapOn = !this.isMapOn;
    if (this.isMapOn && !this.map) {
      redraw();
      try {
        const { bitmap, caption } = await getPicture(this.open.id, "explanation.png", { study: this.open.study?.id });
        this.map = { picture: bitmap, caption };
        say(t("map.shown"));
      } catch (error) {
        this.isMapOn = false;
        show(errorText(error), { isError: true });
      }
    }
    this.showLayers();
    redraw();
  }

  toggleContour() {
    this.isContourOn = !this.isContourOn;
    say(t(this.isContourOn ? "viewer.contourOn" : "viewer.contourOff"));
    this.showLayers();
    redraw();
  }

  toggleDiameters() {
    this.isDiametersOn = !this.isDiametersOn;
    this.showLayers();
    redraw();
  }

  resetLevels() {
    this.stage.setLevels(FULL_RANGE);
  }

  showHover(point, isKey = false) {
    const { image } = this.stage;
    const isInside = point && image && point.x > -0.5 && point.y > -0.5 && point.x < image.width - 0.5 && point.y < image.height - 0.5;
    this.hover = isInside ? { x: Math.round(point.x), y: Math.round(point.y), isKey } : null;
    // written past the page's redraw: it changes with every move of the pointer
    const place = document.getElementById("hover");
    if (place) place.textContent = this.hover ? t("viewer.at", { x: this.hover.x, y: this.hover.y, grey: image.data[this.hover.y * image.width + this.hover.x] }) : "";
  }

  close() {
    this.edit?.close();
  }
}

function ownContour(points) {
  const path = new Path2D();
  path.moveTo(points[0].x + 0.5, points[0].y + 0.5);
  for (const { x, y } of points) path.lineTo(x + 0.5, y + 0.5);
  path.closePath();
  return { path, colour: COLOURS.own, dash: [7, 4], numbers: [] };
}
