/** Files out of a drop or a file field, folders opened. */

/** Every file of a drop, folders included, in the order of their paths. Names that begin with a dot are left out. */
export async function filesOfDrop(transfer) {
  // entries have to be taken before the first await: afterwards the browser has emptied the list
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null).filter(Boolean);
  if (!entries.length) return usable([...transfer.files]);
  const files = [];
  for (const entry of entries) await collect(entry, files);
  return usable(files);
}

/** Leave out what an operating system puts beside images. */
export const usable = (files) => files.filter((file) => !file.name.startsWith(".") && file.name !== "Thumbs.db" && file.name !== "DICOMDIR");

async function collect(entry, files) {
  if (entry.isFile) {
    files.push(await new Promise((resolve, reject) => { entry.file(resolve, reject); }));
    return;
  }
  const reader = entry.createReader();
  const children = [];
  for (;;) {
    // a folder is handed out in parts of 100, until an empty one
    const part = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
    if (!part.length) break;
    children.push(...part);
  }
  children.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  for (const child of children) await collect(child, files);
}
