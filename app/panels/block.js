// Shared by every block: safe HTML, icons, level glyphs, numbers and ages in the page's language.
const esc = (s) => String(s ?? "").replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const icon = (name, cls = "") => `<span class="mi ${cls}" aria-hidden="true">${esc(name)}</span>`;
const plain = (value) => value instanceof Map ? Object.fromEntries([...value].map(([k, v]) => [k, plain(v)]))
  : Array.isArray(value) ? value.map(plain)
  : value && typeof value === "object" && value.constructor === Object
    ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)])) : value;
const fill = (text, fields) => String(text ?? "").replace(/\{(\w+)\}/g, (_, k) => fields[k] ?? "");
const number = (n, lang, digits = 0) => n == null ? "–"
  : Number(n).toLocaleString(lang === "vi" ? "vi-VN" : "en-GB", {minimumFractionDigits: digits, maximumFractionDigits: digits});
const zoned = (t, tz, options) => new Intl.DateTimeFormat("en-GB", {timeZone: tz, hourCycle: "h23", ...options}).format(new Date(t * 1000));
const clock = (t, tz, seconds = false) =>
  zoned(t, tz, {hour: "2-digit", minute: "2-digit", ...(seconds ? {second: "2-digit"} : {})});
const date = (t, tz) => zoned(t, tz, {day: "2-digit", month: "2-digit", year: "numeric"});
// Age in words (look.md 6): seconds, minutes, hours and minutes, days; over 30 days the date.
const age = (t, now, units, tz) => {
  if (t == null || !Number.isFinite(t)) return ""; // a source that never spoke has no age; what cannot be told must not stop a block
  const s = Math.max(0, Math.floor(now - t));
  if (s < 60) return fill(units.seconds, {n: s});
  if (s < 3600) return fill(units.minutes, {n: Math.floor(s / 60)});
  const m = Math.floor(s / 60) % 60;
  if (s < 86400) return fill(m ? units.hours : units.hours_whole, {h: Math.floor(s / 3600), m: String(m).padStart(2, "0")});
  if (s <= 30 * 86400) return fill(s < 2 * 86400 ? units.day : units.days, {n: Math.floor(s / 86400)});
  return date(t, tz);
};
// Elements with data-t show the age of that instant; called once a second, it touches only what changed.
const tick = (root, now, units, tz) => {
  for (const el of root.querySelectorAll("[data-t]")) {
    const text = age(Number(el.dataset.t), now, units, tz);
    if (el.textContent !== text) el.textContent = text;
  }
};
// Whether the words of an element are wider than it: in parts of a pixel, for half a pixel too much already costs two letters.
const cut = (el) => { const words = document.createRange(); words.selectNodeContents(el); return words.getBoundingClientRect().width > el.getBoundingClientRect().width + .05; };
// An element with data-v takes the first of its wordings that fits whole: words give way, they are never cut.
const whole = (root) => {
  for (const el of root.querySelectorAll("[data-v]"))
    for (const text of JSON.parse(el.dataset.v)) if (text) { el.textContent = text; if (!cut(el)) break; }
};
// Measure again when a font has come (any: a weight is asked for only when a word wants it) and when the block's size changes.
const measured = (model, root, work) => {
  document.fonts?.ready.then(work);
  document.fonts?.addEventListener("loadingdone", work);
  model.on("remove", () => document.fonts?.removeEventListener("loadingdone", work));
  const watch = new ResizeObserver(work);
  watch.observe(root); model.on("remove", () => watch.disconnect());
};
const every = (model, seconds, work) => {
  const timer = setInterval(work, seconds * 1000);
  model.on("remove", () => clearInterval(timer));
};
// What is sent while a block is being drawn may be lost: it asks until something came after it stood.
const asking = (model, again, got) => {
  const ask = setInterval(() => { if (!got()) again(); if (got()) clearInterval(ask); else model.send_msg({type: "drawn"}); }, 400);
  model.on("remove", () => clearInterval(ask));
};
// The Bokeh figure of that name, once it stands.
const figureOf = (name) => { for (const doc of window.Bokeh?.documents ?? []) { const f = doc.get_model_by_name?.(name); if (f) return f; } return null; };
// How wide and high its frame is, [0, 0] until it was laid out: BokehJS throws when asked for a size it has not yet.
const frameOf = (figure) => ["inner_width", "inner_height"].map((name) => { const p = figure.properties[name]; return p.is_unset ? 0 : p.get_value() ?? 0; });
// Put words on the clipboard; on an origin without TLS there is none, then the old way.
const copied = (text) => {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text; document.body.append(field); field.select(); const done = document.execCommand("copy"); field.remove();
  return done ? Promise.resolve() : Promise.reject(new Error("nothing was copied"));
};
// Have what ``find`` finds say something for two seconds, also when all around it is drawn anew meanwhile.
const awhile = (find, on, off, ms = 2000) => {
  const end = Date.now() + ms, step = () => { const found = find(); if (found) (Date.now() < end ? on : off)(found); if (Date.now() >= end) clearInterval(timer); };
  const timer = setInterval(step, 100);
  step();
};
const bind = (model, draw) => {
  const again = () => draw(plain(model.data) ?? {}, plain(model.words) ?? {});
  model.on("data", again);
  return again;
};
