const viewOf = (figure) => window.Bokeh?.index?.find_one_by_id?.(figure.id) ?? null;
const R = 6378137;
const lonlat = (x, y) => [x / R * 180 / Math.PI, (2 * Math.atan(Math.exp(y / R)) - Math.PI / 2) * 180 / Math.PI];
export function render({model, el}) {
  const root = document.createElement("div");
  root.className = "mf";
  const w = plain(model.words);
  let d = plain(model.data) ?? {}, figure = null, view = null, ranges = [], boxing = null, timer = null, kept = null, resizing = 0;
  const tool = (id, name, key) => `<button data-tool="${id}" aria-label="${esc(w[id])}" title="${esc(w[id])}${key ? ` (${key})` : ""}">${icon(name)}</button>`;
  root.innerHTML = `<div class="past" hidden></div><div class="top"><span class="simu" hidden>${esc(w.simulated)}</span><span class="old" hidden></span></div>
    <div class="mt">${tool("zoom_in", "add", "+")}${tool("zoom_out", "remove", "−")}${tool("home", "my_location", "")}</div>
    <div class="mt m2">${tool("box", "highlight_alt", "B")}${tool("full", "fullscreen", "F")}</div>
    <svg class="over" hidden></svg><button class="xy" aria-label="${esc(w.copy_place ?? "")}" title="${esc(w.copy_place ?? "")}"><span></span><em></em></button><div class="br"><span class="agg" hidden></span><div class="sb"><i></i><span></span></div><div class="attr"></div></div>
    <div class="veil"></div><div class="ring" hidden></div><div class="hush" role="status" aria-live="polite"></div>`;
  const $ = (s) => root.querySelector(s), over = $(".over");
  const send = (type, fields = {}) => model.send_msg({type, ...fields});
  const size = () => { const [width, height] = frameOf(figure); return [width || root.clientWidth, height || root.clientHeight]; };
  const setRange = (x0, x1, y0, y1) => { figure.x_range.setv({start: x0, end: x1}); figure.y_range.setv({start: y0, end: y1}); };
  const box = () => [figure.x_range.start, figure.x_range.end, figure.y_range.start, figure.y_range.end];
  const zoom = (factor) => { const [x0, x1, y0, y1] = box(), cx = (x0 + x1) / 2, cy = (y0 + y1) / 2; setRange(cx + (x0 - cx) * factor, cx + (x1 - cx) * factor, cy + (y0 - cy) * factor, cy + (y1 - cy) * factor); };
  const pan = (dx, dy) => { const [x0, x1, y0, y1] = box(), mx = (x1 - x0) * dx, my = (y1 - y0) * dy; setRange(x0 + mx, x1 + mx, y0 + my, y1 + my); };
  const place = ([x, y], width, height) => { // centre and zoom to ranges
    const res = 40075016.68 / 256 / 2 ** d.place.zoom; setRange(x - res * width / 2, x + res * width / 2, y - res * height / 2, y + res * height / 2);
  };
  const xyOf = (e) => { const frame = root.getBoundingClientRect(), [width, height] = [frame.width, frame.height], [x0, x1, y0, y1] = box(); return [x0 + (e.clientX - frame.left) / width * (x1 - x0), y1 - (e.clientY - frame.top) / height * (y1 - y0)]; };
  const grid = (x, y) => { // VN-2000 by a polynomial fitted to this view on the server; metres
    const g = d.grid; if (!g) return null;
    const u = (x - g.x) / g.s, v = (y - g.y) / g.s; if (Math.abs(u) > 1.2 || Math.abs(v) > 1.2) return null;
    const p = [1, u, v, u * u, u * v, v * v, u ** 3, u * u * v, u * v * v, v ** 3];
    const dot = (c) => c.reduce((s, k, i) => s + k * p[i], 0); return [dot(g.e), dot(g.n)];
  };
  const where = (x, y) => {
    const [lon, lat] = lonlat(x, y), f = (n) => number(Math.abs(n), d.language, 4);
    $(".xy span").textContent = `${f(lat)}° ${lat < 0 ? w.south : w.north} ${f(lon)}° ${lon < 0 ? w.west : w.east}`;
    const en = grid(x, y); $(".xy em").textContent = en ? `${w.grid} ${number(Math.round(en[0]), "fr").replace(/[ \u202f\u00a0,]/g, " ")} ${number(Math.round(en[1]), "fr").replace(/[ \u202f\u00a0,]/g, " ")} m` : "";
  };
  const scale = () => {
    const [x0, x1, y0, y1] = box(), frame = size()[0], lat = lonlat(0, (y0 + y1) / 2)[1], m = (x1 - x0) / frame * Math.cos(lat * Math.PI / 180);
    const want = m * (d.wall ? frame * 0.08 : 110), p = 10 ** Math.floor(Math.log10(want)), n = [5, 2, 1].find((k) => k * p <= want) * p;
    $(".sb i").style.width = `${n / m}px`;
    $(".sb span").textContent = `${n >= 1000 ? `${number(n / 1000, d.language)} km` : `${number(n, d.language)} m`}`;
  };
  const paintOver = () => {
    over.toggleAttribute("hidden", !boxing);
    if (boxing?.b) { const [a, b] = [boxing.a, boxing.b]; over.innerHTML = `<rect x="${Math.min(a[0], b[0])}" y="${Math.min(a[1], b[1])}" width="${Math.abs(a[0] - b[0])}" height="${Math.abs(a[1] - b[1])}"/>`; }
    else over.innerHTML = "";
  };
  const moved = () => {
    const [x0, x1, y0, y1] = box(); scale();
    if (kept && !resizing) kept = {cx: (x0 + x1) / 2, cy: (y0 + y1) / 2, res: (x1 - x0) / size()[0]};
    if (resizing) return;
    where((x0 + x1) / 2, (y0 + y1) / 2); paintOver();
    clearTimeout(timer); timer = setTimeout(() => { const [width, height] = size(); send("moved", {x0, x1, y0, y1, width, height, screen: innerHeight * (d.rows ?? 1), still: matchMedia("(prefers-reduced-motion: reduce)").matches}); }, 220);
  };
  const act = {
    zoom_in: () => zoom(0.5), zoom_out: () => zoom(2), home: () => send("home"), full: () => send("full"),
    box: () => { boxing = boxing ? null : {}; mode(); },
    left: () => pan(-0.2, 0), right: () => pan(0.2, 0), up: () => pan(0, 0.2), down: () => pan(0, -0.2),
    clear: () => { boxing = null; mode(); },
  };
  const mode = () => { root.querySelectorAll("[data-tool]").forEach((b) => b.classList.toggle("a", b.dataset.tool === "box" && !!boxing)); paintOver(); };
  root.addEventListener("click", (e) => { const b = e.target.closest("[data-tool]"); if (b && figure) act[b.dataset.tool](); });
  $(".xy").addEventListener("click", () => { // what is seen is what is copied
    const text = [$(".xy span").textContent, $(".xy em").textContent].filter(Boolean).join(" · ");
    copied(text).then(() => { $(".hush").textContent = `${w.copied}: ${text}`; $(".xy").classList.add("ok"); setTimeout(() => $(".xy").classList.remove("ok"), 800); }, () => {});
  });
  const local = (e) => { const f = over.getBoundingClientRect(); return [e.clientX - f.left, e.clientY - f.top]; };
  over.addEventListener("pointerdown", (e) => {
    if (boxing) { boxing = {a: local(e), m: xyOf(e)}; over.setPointerCapture(e.pointerId); }
  });
  over.addEventListener("pointermove", (e) => { if (boxing?.a) { boxing.b = local(e); paintOver(); } where(...xyOf(e)); });
  over.addEventListener("pointerup", (e) => {
    if (!boxing?.b) return;
    const [ax, ay] = boxing.m, [bx, by] = xyOf(e); boxing = null; mode();
    const [x0, x1, y0, y1] = box(), factor = Math.max(Math.abs(ax - bx) / (x1 - x0), Math.abs(ay - by) / (y1 - y0)), cx = (ax + bx) / 2, cy = (ay + by) / 2, hx = (x1 - x0) / 2 * factor, hy = (y1 - y0) / 2 * factor;
    if (factor > 0.01) setRange(cx - hx, cx + hx, cy - hy, cy + hy);
  });
  const draw = (data) => {
    const from = d.place?.n; d = data;
    $(".simu").hidden = !d.simulated; $(".past").hidden = !d.past; $(".old").hidden = !d.note; $(".old").textContent = d.note ?? "";
    $(".agg").hidden = !d.aggregated; $(".agg").textContent = d.aggregated ?? "";
    $(".attr").textContent = d.attribution ?? "";
    root.classList.toggle("wall", !!d.wall);
    if (figure && d.fit && d.fit.n !== fitted) { fitBox(); veil(); }
    else if (figure && d.place && d.place.n !== from) { const [width, height] = size(); place([d.place.x, d.place.y], width, height); }
    else if (figure) { const [x0, x1, y0, y1] = box(); where((x0 + x1) / 2, (y0 + y1) / 2); }
  };
  const hover = (e) => { if (figure) where(...xyOf(e)); };
  const attach = () => {
    figure = figureOf(d.figure); view = figure && viewOf(figure);
    if (!figure || !view || !frameOf(figure)[0]) { timer = setTimeout(attach, 60); return; }
    ranges = [figure.x_range, figure.y_range];
    for (const r of ranges) r.change.connect(moved);
    figure.properties.inner_width.change.connect(fit); figure.properties.inner_height.change.connect(fit);
    view.el.addEventListener("pointermove", hover);
    fit();
  };
  let fitted = null;
  const fitBox = () => { // the whole of a scene's box, centred, never squeezed
    const [width, height] = size(), f = d.fit, res = Math.max((f.x1 - f.x0) / width, (f.y1 - f.y0) / height), cx = (f.x0 + f.x1) / 2, cy = (f.y0 + f.y1) / 2;
    fitted = f.n; setRange(cx - res * width / 2, cx + res * width / 2, cy - res * height / 2, cy + res * height / 2); moved();
  };
  const veil = () => { const v = $(".veil"); v.classList.remove("fade"); void v.offsetWidth; v.classList.add("fade"); };
  // Keep centre and resolution when the window or the panels change: the map must never be squeezed. What the ranges
  // say while a resize is under way is not what the user chose, so the kept place is set again when it has settled.
  const settle = () => { const [width, height] = size(), {cx, cy, res} = kept; setRange(cx - res * width / 2, cx + res * width / 2, cy - res * height / 2, cy + res * height / 2); };
  const fit = () => {
    if (!(size()[0] > 1)) return;
    if (d.fit) { fitBox(); return; }
    kept ??= {cx: d.place?.x ?? 0, cy: d.place?.y ?? 0, res: 40075016.68 / 256 / 2 ** (d.place?.zoom ?? 12)};
    resizing += 1; settle();
    setTimeout(() => { settle(); resizing -= 1; moved(); }, 120);
  };
  model.on("msg:custom", (m) => { const data = m.data ?? m;
    if (data.type === "do" && figure) act[data.what]?.();
    if (data.type === "say") $(".hush").textContent = data.text;
    if (data.type === "ring" && figure && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
      const [x0, x1, y0, y1] = box(), frame = root.getBoundingClientRect(), ring = $(".ring");
      ring.style.left = `${(data.x - x0) / (x1 - x0) * frame.width}px`; ring.style.top = `${(y1 - data.y) / (y1 - y0) * frame.height}px`;
      ring.className = `ring r${data.level}`; ring.hidden = false; setTimeout(() => { ring.hidden = true; }, 2500);
    } });
  model.on("data", () => draw(plain(model.data)));
  model.on("remove", () => { clearTimeout(timer); for (const r of ranges) r.change.disconnect(moved); view?.el?.removeEventListener("pointermove", hover); });
  draw(d); attach();
  return root;
}
