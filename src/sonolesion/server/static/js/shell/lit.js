/** The parts of lit-html that the page uses, from one place. */

export { html, svg, render, nothing } from "../../vendor/lit-html/lit-html.js";
export { repeat } from "../../vendor/lit-html/directives/repeat.js";
export { live } from "../../vendor/lit-html/directives/live.js";
export { ifDefined } from "../../vendor/lit-html/directives/if-defined.js";
export { classMap } from "../../vendor/lit-html/directives/class-map.js";
