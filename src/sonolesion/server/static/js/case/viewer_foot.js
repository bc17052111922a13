/** Below the image: place and grey level, zoom, scale, levels, opacities. */

import { html, live, nothing } from "../shell/lit.js";
import { preference, setPreferences } from "../shell/preferences.js";
import { redraw } from "../shell/redraw.js";
import { formatNumber, formatPercent, t } from "../shell/texts.js";

export function renderFoot(bench) {
  const { stage, open } = bench;
  const { window: range, level } = stage.levels;
  const spacing = open.case?.spacing_mm;
  const opacity = (name) => (event) => {
    setPreferences({ [name]: Number(event.target.value) });
    bench.showLayers();
    redraw();
  };
  const slider = (label, id, value, { min, max, step, shown }, input) => html`
    <label class="slider" for=${id}><span>${label}</span><input type="range" id=${id} min=${min} max=${max} step=${step} .value=${live(String(value))} aria-valuetext=${shown} @input=${input}><output class="number" for=${id}>${shown}</output></label>`;
  return html`
    <div class="viewer-foot">
      <div class="sliders">
        ${slider(t("viewer.window"), "slide-window", range, { min: 2, max: 512, step: 1, shown: formatNumber(range) }, (e) => stage.setLevels({ window: Number(e.target.value), level }))}
        ${slider(t("viewer.level"), "slide-level", level, { min: 0, max: 255, step: 1, shown: formatNumber(level) }, (e) => stage.setLevels({ window: range, level: Number(e.target.value) }))}
        ${open.prediction ? slider(t("viewer.contour"), "slide-contour", preference("contourOpacity"), { min: 0.1, max: 1, step: 0.05, shown: formatPercent(preference("contourOpacity")) }, opacity("contourOpacity")) : nothing}
        ${bench.isMapOn ? slider(t("viewer.map"), "slide-map", preference("mapOpacity"), { min: 0.1, max: 1, step: 0.05, shown: formatPercent(preference("mapOpacity")) }, opacity("mapOpacity")) : nothing}
      </div>
      <p class="quiet status-line"><span>${t("viewer.zoom", { share: formatPercent(stage.view.scale) })}</span>
        <span>${spacing ? t(`viewer.scale.${open.case.spacing_source === "hand" ? "hand" : "file"}`, { mm: formatNumber(spacing[1], 3) }) : t("viewer.noScale")}</span><span id="hover"></span></p>
      ${bench.isMapOn && bench.map ? html`<p class="map-caption"><strong>${t("map.title")}</strong> ${bench.map.caption ? html`<span lang="en">${bench.map.caption}</span>` : t("map.caption")}</p>` : nothing}
    </div>`;
}
