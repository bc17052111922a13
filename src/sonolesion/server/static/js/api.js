/** Every request of the page; errors come out as `ApiError` with the server's own words. */

import { preference } from "./shell/preferences.js";

const BASE = "/api/v1";
const TOKEN_KEY = "sonolesion.token";

export class ApiError extends Error {
  constructor(status, id, message) {
    super(message);
    this.status = status;
    this.id = id;
  }
}

let onUnauthorised = () => {};
export const setUnauthorisedHandler = (handler) => { onUnauthorised = handler; };
export const setToken = (token) => sessionStorage.setItem(TOKEN_KEY, token);

function headers(more = {}) {
  const token = sessionStorage.getItem(TOKEN_KEY);
  return token ? { ...more, Authorization: `Bearer ${token}` } : more;
}

/** Query with only what is given. */
function withQuery(path, query) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
}

async function readError(answer) {
  let id = `HTTP ${answer.status}`;
  let message = answer.statusText || id;
  try {
    const body = await answer.json();
    if (body.error) ({ id, message } = body.error);
    else if (typeof body.detail === "string") message = body.detail;
  } catch {
    // no JSON: the status has to do
  }
  if (answer.status === 401) onUnauthorised();
  return new ApiError(answer.status, id, message);
}

async function send(method, path, { query = {}, json, body, type, signal } = {}) {
  const more = {};
  if (json !== undefined) {
    more["Content-Type"] = "application/json";
    body = JSON.stringify(json);
  } else if (type) {
    more["Content-Type"] = type;
  }
  let answer;
  try {
    answer = await fetch(withQuery(BASE + path, query), { method, headers: headers(more), body, signal, cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "E-NET", "offline");
  }
  if (!answer.ok) throw await readError(answer);
  return answer;
}

const getJson = async (path, options) => (await send("GET", path, options)).json();
const asReader = (more = {}) => ({ reader: preference("reader"), ...more });
const casePath = (id) => `/cases/${encodeURIComponent(id)}`;

export const getStatus = () => getJson("/status");
export const getSettings = () => getJson("/settings");
export const putSettings = async (settings) => (await send("PUT", "/settings", { json: settings })).json();
export const getBundles = () => getJson("/bundles");

/** A page of the work list. */
export async function listCases({ sort, state, q, offset = 0, limit = 200, signal }) {
  return getJson("/cases", { query: asReader({ sort, state, q, offset, limit }), signal });
}

export const getCase = (id, study = null) => getJson(casePath(id), { query: asReader({ study }) });
export const patchCase = async (id, changes) => (await send("PATCH", casePath(id), { query: asReader(), json: changes })).json();
export const deleteCase = (id) => send("DELETE", casePath(id));
export const getPrediction = (id, study = null) => getJson(`${casePath(id)}/prediction`, { query: asReader({ study }) });
export const getChange = (id) => getJson(`${casePath(id)}/change`, { query: asReader() });

/** One of a case's pictures, decoded: an ImageBitmap with untouched levels. */
export async function getPicture(id, name, query = {}) {
  const answer = await send("GET", `${casePath(id)}/${name}`, { query: asReader(query) });
  const file = await answer.blob();
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  const caption = answer.headers.get("X-Sonolesion-Caption");
  return { bitmap, file, caption: caption && decodeURIComponent(caption) };
}

export async function getReads(id) {
  return (await getJson(`${casePath(id)}/reads`, { query: asReader() })).reads;
}

export async function addRead(id, read) {
  return (await send("POST", `${casePath(id)}/reads`, { query: asReader(), json: { reader: preference("reader"), ...read } })).json();
}

export async function measureMask(id, png, signal) {
  return (await send("POST", `${casePath(id)}/measurements`, { query: asReader(), body: png, type: "image/png", signal })).json();
}

export const putOutline = (id, png) => send("PUT", `${casePath(id)}/outline`, { query: asReader(), body: png, type: "image/png" });
export const deleteOutline = (id) => send("DELETE", `${casePath(id)}/outline`, { query: asReader() });

export const listStudies = async () => (await getJson("/studies")).studies;
export const getStudy = (id) => getJson(`/studies/${encodeURIComponent(id)}`);
export const addStudy = async (study) => (await send("POST", "/studies", { json: study })).json();
export const nextInStudy = (id) => getJson(`/studies/${encodeURIComponent(id)}/next`, { query: asReader() });
export const addStudyAnswer = (id, answer) =>
  send("POST", `/studies/${encodeURIComponent(id)}/answers`, { query: asReader(), json: { reader: preference("reader"), ...answer } });

/** Fetch a file (so that a token can go along) and hand it to the browser's downloads. */
export async function download(path, name, query = {}) {
  const answer = await send("GET", path, { query: asReader(query) });
  const address = URL.createObjectURL(await answer.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

export const caseFile = (id, name) => `${casePath(id)}/${name}`;

/** Upload one file with progress; `onProgress` gets a share of 1. Resolves to the case. Its name is not sent, only `label`. */
export function uploadFile(file, { label, onProgress }) {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append("file", file, "upload");
    if (label) form.append("label", label);
    const request = new XMLHttpRequest();
    request.open("POST", withQuery(`${BASE}/cases`, asReader()));
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => { if (event.lengthComputable) onProgress(event.loaded / event.total); };
    request.onerror = () => reject(new ApiError(0, "E-NET", "offline"));
    request.onload = () => {
      let body = null;
      try {
        body = JSON.parse(request.responseText);
      } catch {
        // judged by the status below
      }
      if (request.status >= 200 && request.status < 300 && body) {
        resolve(body);
        return;
      }
      const { id, message } = body?.error ?? { id: `HTTP ${request.status}`, message: request.statusText };
      const error = new ApiError(request.status, id, message);
      error.retryAfter = Number(request.getResponseHeader("Retry-After")) || null;
      if (request.status === 401) onUnauthorised();
      reject(error);
    };
    request.send(form);
  });
}

/** Server-sent events by fetch; calls `onEvent(kind, data)` until the stream ends, then throws. */
export async function readEvents(onEvent, onOpen, signal) {
  const answer = await send("GET", "/events", { query: asReader(), signal });
  onOpen();
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new ApiError(0, "E-NET", "offline");
    buffer += value.replaceAll("\r", "");
    let end = buffer.indexOf("\n\n");
    while (end >= 0) {
      emit(buffer.slice(0, end), onEvent);
      buffer = buffer.slice(end + 2);
      end = buffer.indexOf("\n\n");
    }
  }
}

function emit(block, onEvent) {
  let kind = "message";
  const data = [];
  for (const line of block.split("\n")) {
    if (line.startsWith("event:")) kind = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(5).trim());
  }
  if (data.length) onEvent(kind, JSON.parse(data.join("\n")));
}
