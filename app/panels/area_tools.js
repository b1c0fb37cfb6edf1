const EARTH = 6378137, FLAT = 1 / 298.257223563, RAD = Math.PI / 180;
const lonlat = ([x, y]) => [x / EARTH / RAD, (2 * Math.atan(Math.exp(y / EARTH)) - Math.PI / 2) / RAD];
// The shortest line on the ellipsoid of WGS 84, m (Vincenty's inverse; NaN for points opposite on the globe).
const geodesic = ([lon1, lat1], [lon2, lat2]) => {
  const b = EARTH * (1 - FLAT), u1 = Math.atan((1 - FLAT) * Math.tan(lat1 * RAD)), u2 = Math.atan((1 - FLAT) * Math.tan(lat2 * RAD)), L = (lon2 - lon1) * RAD;
  const [s1, c1, s2, c2] = [Math.sin(u1), Math.cos(u1), Math.sin(u2), Math.cos(u2)];
  let l = L;
  for (let i = 0; i < 100; i++) {
    const sl = Math.sin(l), cl = Math.cos(l), ss = Math.hypot(c2 * sl, c1 * s2 - s1 * c2 * cl);
    if (ss === 0) return 0;
    const cs = s1 * s2 + c1 * c2 * cl, sigma = Math.atan2(ss, cs), sa = c1 * c2 * sl / ss, ca = 1 - sa * sa, cm = ca === 0 ? 0 : cs - 2 * s1 * s2 / ca;
    const C = FLAT / 16 * ca * (4 + FLAT * (4 - 3 * ca)), before = l;
    l = L + (1 - C) * FLAT * sa * (sigma + C * ss * (cm + C * cs * (2 * cm * cm - 1)));
    if (Math.abs(l - before) < 1e-12) {
      const k = ca * (EARTH * EARTH - b * b) / (b * b), A = 1 + k / 16384 * (4096 + k * (k * (320 - 175 * k) - 768)), B = k / 1024 * (256 + k * (k * (74 - 47 * k) - 128));
      return b * A * (sigma - B * ss * (cm + B / 4 * (cs * (2 * cm * cm - 1) - B / 6 * cm * (4 * ss * ss - 3) * (4 * cm * cm - 3))));
    }
  }
  return NaN;
};
// Ground enclosed by corners, m²: on the sphere that has the area of the ellipsoid, latitudes moved to it.
const surface = (corners) => {
  const e2 = FLAT * (2 - FLAT), e = Math.sqrt(e2), q = (s) => (1 - e2) * (s / (1 - e2 * s * s) - Math.log((1 - e * s) / (1 + e * s)) / (2 * e)), pole = q(1);
  const half = corners.map(([lon, lat]) => [lon * RAD, Math.tan(Math.asin(q(Math.sin(lat * RAD)) / pole) / 2)]);
  let sum = 0;
  for (let i = 0; i < half.length; i++) { const [a, s] = half[i], [b, t] = half[(i + 1) % half.length]; sum += 2 * Math.atan2(Math.tan((b - a) / 2) * (s + t), 1 + s * t); }
  return Math.abs(sum) * EARTH * EARTH * pole / 2;
};
const NEAR_PX = 9, TWICE_MS = 500;
export function render({model, el}) {
  const root = document.createElement("div"), w = plain(model.words);
  root.className = "at"; root.tabIndex = -1;
  const button = (id, name, key) => `<button data-open="${id}" aria-label="${esc(w[id])}" title="${esc(w[id])} (${key})">${icon(name)}</button>`;
  root.innerHTML = `<svg class="ov" hidden></svg><div class="mt" role="group" aria-label="${esc(w.tools)}">${button("area", "polyline", "A")}${button("measure", "straighten", "M")}${button("export", "file_download", "E")}</div>
    <div class="card" hidden><p class="hint"></p><dl></dl><div class="go"><button class="copy">${esc(w.copy)}</button><button class="undo">${esc(w.undo)}</button><button class="done">${esc(w.done)}</button><button class="stop">${esc(w.stop)}</button></div></div>
    <div class="hush" role="status" aria-live="polite"></div>`;
  const $ = (s) => root.querySelector(s), over = $(".ov");
  let d = plain(model.data) ?? {}, figure = null, tool = null, points = [], tip = null, kept = false, keyed = false, last = 0, start = null, timer = null;
  const box = () => [figure.x_range.start, figure.x_range.end, figure.y_range.start, figure.y_range.end];
  const frame = () => over.getBoundingClientRect();
  const px = ([x, y]) => { const f = frame(), [x0, x1, y0, y1] = box(); return [(x - x0) / (x1 - x0) * f.width, (y1 - y) / (y1 - y0) * f.height]; };
  const at = (e) => { const f = frame(), [x0, x1, y0, y1] = box(); return [x0 + (e.clientX - f.left) / f.width * (x1 - x0), y1 - (e.clientY - f.top) / f.height * (y1 - y0)]; };
  const centre = () => { const [x0, x1, y0, y1] = box(); return [(x0 + x1) / 2, (y0 + y1) / 2]; };
  const near = (a, b) => { const [p, q] = [px(a), px(b)]; return Math.hypot(p[0] - q[0], p[1] - q[1]) < NEAR_PX; };
  const grid = ([x, y]) => { // VN-2000 by the polynomial of this view, as map_frame does
    const g = d.grid; if (!g) return null;
    const u = (x - g.x) / g.s, v = (y - g.y) / g.s; if (Math.abs(u) > 1.2 || Math.abs(v) > 1.2) return null;
    const p = [1, u, v, u * u, u * v, v * v, u ** 3, u * u * v, u * v * v, v ** 3], dot = (c) => c.reduce((s, k, i) => s + k * p[i], 0);
    return [dot(g.e), dot(g.n)];
  };
  const n = (value, digits) => number(value, d.language, digits), spaced = (m) => number(Math.round(m), "fr").replace(/[ \u202f\u00a0,]/g, " ");
  const metres = (m) => m >= 1000 ? `${n(m / 1000, 3)} km` : `${n(m, 1)} m`;
  const ground = (m2) => m2 >= 1e6 ? `${n(m2 / 1e6, 3)} km² (${n(m2 / 1e4, 1)} ha)` : `${n(m2)} m² (${n(m2 / 1e4, 2)} ha)`;
  const place = (p) => { const [lon, lat] = lonlat(p); return `${n(Math.abs(lat), 5)}° ${lat < 0 ? w.south : w.north} ${n(Math.abs(lon), 5)}° ${lon < 0 ? w.west : w.east}`; };
  const told = () => { // what a measure says: rows of label and value
    const all = points.map((p) => p.xy), [end] = points.slice(-1), rows = [];
    if (!end) return rows;
    const run = all.map(lonlat); let sum = 0;
    for (let i = 1; i < run.length; i++) sum += geodesic(run[i - 1], run[i]);
    if (run.length > 1) rows.push([w.distance, metres(sum)]);
    if (run.length > 2) rows.push([w.surface, ground(surface(run))], [w.round, metres(sum + geodesic(run.at(-1), run[0]))]);
    rows.push([w.place, place(end.xy)]);
    if (end.en) rows.push([w.grid, `${spaced(end.en[0])} ${spaced(end.en[1])} m`]);
    return rows;
  };
  const paint = () => {
    over.toggleAttribute("hidden", !tool); over.classList.toggle("kept", kept);
    $(".card").hidden = !tool; root.classList.toggle("on", !!tool && !kept);
    root.querySelectorAll("[data-open]").forEach((b) => b.classList.toggle("a", b.dataset.open === (tool === "measure" ? "measure" : tool ? "area" : d.open)));
    if (!tool || !figure) return;
    const shown = tip && !kept ? [...points.map((p) => p.xy), tip] : points.map((p) => p.xy), line = shown.map((p) => px(p).map((v) => v.toFixed(1)).join(",")).join(" ");
    const dots = points.map((p) => { const [x, y] = px(p.xy); return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="4"/>`; }).join("");
    const cross = keyed && !kept ? (([x, y]) => `<path class="cross" d="M${x - 12} ${y}h24M${x} ${y - 12}v24"/>`)(px(centre())) : "";
    let body = "";
    if (tool === "draw_box" && points.length && shown.length > 1) { const [a, b] = [px(shown[0]), px(shown.at(-1))]; body = `<rect x="${Math.min(a[0], b[0])}" y="${Math.min(a[1], b[1])}" width="${Math.abs(a[0] - b[0])}" height="${Math.abs(a[1] - b[1])}"/>`; }
    else if (shown.length > 2 && tool !== "point") body = `<polygon class="${tool === "measure" ? "open" : ""}" points="${line}"/>`;
    if (shown.length > 1 && tool !== "draw_box") body += `<polyline points="${line}"/>`;
    let label = "";
    if (tool === "measure" && shown.length > 1) { let sum = 0; const run = shown.map(lonlat); for (let i = 1; i < run.length; i++) sum += geodesic(run[i - 1], run[i]); const [x, y] = px(shown.at(-1)); label = `<text x="${x + 10}" y="${y - 10}">${esc(metres(sum))}</text>`; }
    over.innerHTML = body + dots + cross + label;
  };
  const say = () => {
    const rows = tool === "measure" ? told() : [];
    $(".hint").textContent = kept ? "" : w[`hint_${{draw: "draw", draw_box: "box", point: "point", measure: "measure"}[tool]}`] ?? "";
    $("dl").innerHTML = rows.map(([k, v]) => `<div><dt>${esc(k)}</dt><dd>${esc(v)}</dd></div>`).join("");
    $(".copy").hidden = !rows.length; $(".undo").hidden = !points.length || kept; $(".done").hidden = kept || (tool === "draw" ? points.length < 3 : tool !== "measure" || !points.length);
    $(".hush").textContent = rows.map(([k, v]) => `${k} ${v}`).join(", ");
    paint();
  };
  const begin = (name) => { tool = name; points = []; tip = null; kept = keyed = false; start = null; say(); if (tool) root.focus({preventScroll: true}); };
  const finish = () => {
    const places = points.map((p) => lonlat(p.xy));
    if (tool === "measure") { kept = true; tip = null; say(); return; }
    const name = tool; begin(null);
    if (name === "draw") model.send_msg({type: "drawn", points: places});
    if (name === "draw_box") model.send_msg({type: "boxed", points: places});
    if (name === "point") model.send_msg({type: "pointed", lon: places[0][0], lat: places[0][1]});
  };
  const add = (xy) => {
    const now = performance.now(), twice = points.length && near(xy, points.at(-1).xy) && (keyed || now - last < TWICE_MS), closed = tool === "draw" && points.length > 2 && near(xy, points[0].xy);
    last = now;
    if (twice || closed) { if (tool === "measure" || points.length > 2) finish(); return; }
    points.push({xy, en: grid(xy)}); tip = null;
    if (tool === "point" || (tool === "draw_box" && points.length === 2)) finish(); else say();
  };
  const key = (e) => {
    if (!tool) return;
    const on = e.composedPath()[0], field = on.matches?.("input,textarea,select,button,a");
    if (e.key === "Escape") begin(null);
    else if (field || kept || e.ctrlKey || e.metaKey || e.altKey) return;
    else if (e.key === "Enter") { keyed = true; add(centre()); }
    else if (e.key === "Backspace") { points.pop(); say(); }
    else { if (e.key.startsWith("Arrow")) { keyed = true; paint(); } return; }
    e.preventDefault(); e.stopImmediatePropagation();
  };
  over.addEventListener("pointerdown", (e) => { if (kept || e.button) return; keyed = false; if (tool === "draw_box") { start = at(e); points = [{xy: start, en: null}]; over.setPointerCapture(e.pointerId); } });
  over.addEventListener("pointermove", (e) => { if (!kept) { tip = at(e); paint(); } });
  over.addEventListener("pointerup", (e) => { if (kept || e.button) return; if (tool !== "draw_box") add(at(e)); else if (start) { const b = at(e), far = !near(start, b); start = null; points = far ? [...points, {xy: b, en: null}] : []; if (far) finish(); else say(); } });
  over.addEventListener("wheel", (e) => { // zoom goes on under a tool
    e.preventDefault();
    const k = e.deltaY > 0 ? 1.25 : 0.8, [x, y] = at(e), [x0, x1, y0, y1] = box();
    figure.x_range.setv({start: x + (x0 - x) * k, end: x + (x1 - x) * k}); figure.y_range.setv({start: y + (y0 - y) * k, end: y + (y1 - y) * k});
  }, {passive: false});
  root.addEventListener("click", (e) => {
    const open = e.target.closest("[data-open]")?.dataset.open;
    if (open === "measure") begin(tool === "measure" ? null : "measure");
    else if (open) { begin(null); model.send_msg({type: "open", what: open}); }
    else if (e.target.closest(".stop")) begin(null);
    else if (e.target.closest(".done")) finish();
    else if (e.target.closest(".undo")) { points.pop(); say(); root.focus({preventScroll: true}); }
    else if (e.target.closest(".copy")) copied([...told().map(([k, v]) => `${k}: ${v}`), ...points.map((p, i) => { const [lon, lat] = lonlat(p.xy); return `${i + 1}\t${lat.toFixed(6)}\t${lon.toFixed(6)}${p.en ? `\t${p.en[0].toFixed(1)}\t${p.en[1].toFixed(1)}` : ""}`; })].join("\n")).then(() => { $(".copy").textContent = w.copied; setTimeout(() => { $(".copy").textContent = w.copy; }, 2000); }, () => {});
  });
  const attach = () => {
    figure = figureOf(d.figure);
    if (!figure) { timer = setTimeout(attach, 80); return; }
    for (const r of [figure.x_range, figure.y_range]) r.change.connect(paint);
  };
  window.addEventListener("keydown", key, true);
  model.on("msg:custom", (m) => { const data = m.data ?? m; if (data.type === "tool" && figure) begin(data.name === tool ? null : data.name); });
  model.on("data", () => { d = plain(model.data); paint(); });
  model.on("remove", () => { clearTimeout(timer); window.removeEventListener("keydown", key, true); for (const r of figure ? [figure.x_range, figure.y_range] : []) r.change.disconnect(paint); });
  attach(); paint();
  return root;
}
