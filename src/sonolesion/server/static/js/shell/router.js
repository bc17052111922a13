/** Which view is on show, by the part of the address behind `#`. */

/** Split a hash such as "#/case/0a1b?tab=edit" into its parts; unknown ones lead to the list.
 *
 * >>> readRoute("#/case/0a1b")  ->  {view: "case", id: "0a1b"}
 */
export function readRoute(hash) {
  const parts = hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  const [view, id] = parts;
  if (view === "case" && id) return { view, id };
  if (view === "studies") return { view, id: id ?? null };
  if (view === "study" && id) return { view, id };
  if (view === "settings") return { view, id: null };
  return { view: "list", id: null };
}

export function routeTo(view, id = null) {
  const hash = view === "list" ? "#/" : `#/${view}${id ? `/${encodeURIComponent(id)}` : ""}`;
  if (location.hash !== hash) location.hash = hash;
}

export const caseAddress = (id) => `#/case/${encodeURIComponent(id)}`;
