/** Below the image: levels, opacity of the contours, zoom, scale, place and grey level. And the words of the map. */

import { html, live, nothing } from "../shell/lit.js";
import { preference, setPreferences } from "../shell/preferences.js";
import { redraw } from "../shell/redraw.js";
import { formatNumber, formatPercent, t } from "../shell/texts.js";

function slider(label, id, value, { min, max, step, shown }, input) {
  return html`
    <label class="slider" for=${id}><span>${label}</span><input type="range" id=${id} min=${min} max=${max} step=${step} .value=${live(String(value))} aria-valuetext=${shown} @input=${input}><output class="number" for=${id}>${shown}</output></label>`;
}

function opacitySlider(bench, label, name) {
  const shown = formatPercent(preference(name));
  return slider(label, `slide-${name}`, preference(name), { min: 0.1, max: 1, step: 0.05, shown }, (event) => {
    setPreferences({ [name]: Number(event.target.value) });
    bench.showLayers();
    redraw();
  });
}

/** What the explanation map says and does not say, beside the image so that it keeps its size. */
export function renderMapPanel(bench) {
  if (!bench.isMapOn) return nothing;
  return html`
    <section class="panel" aria-labelledby="map-title">
      <h2 id="map-title">${t("map.title")}</h2>
      ${bench.map ? html`<p class="map-caption small">${bench.map.caption ? html`<span lang="en">${bench.map.caption}</span>` : t("map.caption")}</p>` : html`<p role="status">${t("map.making")}</p>`}
      ${opacitySlider(bench, t("viewer.map"), "mapOpacity")}
    </section>`;
}

export function renderFoot(bench) {
  const { stage, open } = bench;
  const { window: range, level } = stage.levels;
  const spacing = open.case?.spacing_mm;
  return html`
    <div class="viewer-foot">
      <div class="sliders">
        ${slider(t("viewer.window"), "slide-window", range, { min: 2, max: 512, step: 1, shown: formatNumber(range) }, (e) => stage.setLevels({ window: Number(e.target.value), level }))}
        ${slider(t("viewer.level"), "slide-level", level, { min: 0, max: 255, step: 1, shown: formatNumber(level) }, (e) => stage.setLevels({ window: range, level: Number(e.target.value) }))}
        ${open.prediction ? opacitySlider(bench, t("viewer.contour"), "contourOpacity") : nothing}
      </div>
      <p class="quiet status-line"><span>${t("viewer.zoom", { share: formatPercent(stage.view.scale) })}</span>
        <span>${spacing ? t(`viewer.scale.${open.case.spacing_source === "hand" ? "hand" : "file"}`, { mm: formatNumber(spacing[1], 3) }) : t("viewer.noScale")}</span><span id="hover"></span></p>
    </div>`;
}
