export function render({model, el}) {
  const root = document.createElement("aside");
  root.className = "ap";
  const send = (type, fields = {}) => model.send_msg({type, ...fields});
  let d = {}, w = {}, typed = "", metres = null, taken = {what: "focus", where: "view", format: "gpkg", srid: "4326"}, timer = null;
  const named = (label, sub) => `<span>${esc(label)}${sub ? `<em class="clip">${esc(sub)}</em>` : ""}</span>`;
  const row = (name, sign, label, off = false, sub = "") => `<button class="ch" data-do="${name}" ${off ? "disabled" : ""}>${icon(sign)}${named(label, sub)}</button>`;
  const bars = (bins) => { const most = Math.max(0, ...bins); return most ? `<svg width="${bins.length * 4}" height="18" aria-hidden="true">${bins.map((n, i) => { const h = Math.max(1, n / most * 18); return `<rect x="${i * 4}" y="${18 - h}" width="3" height="${h}" fill="var(--${n ? "line-2" : "line-1"})"/>`; }).join("")}</svg>` : ""; };
  const choose = () => `<h2 class="rt">${esc(w.choose)}</h2>${d.note ? `<p class="note bad" role="alert">${esc(d.note)}</p>` : ""}
    <div class="chs">${row("draw", "polyline", w.draw)}${row("draw_box", "crop_square", w.draw_box)}${row("view", "fit_screen", w.view)}${row("point", "pin_drop", w.point)}
    ${row("shape", "format_shapes", w.shape, !d.shaped, d.shaped ? d.selected : "")}
    <div class="ch two"><button class="in" data-do="around" ${d.selected ? "" : "disabled"}>${icon("radio_button_unchecked")}${named(w.around, d.selected ?? w.around_none)}</button><label><input class="m" type="number" aria-label="${esc(w.metres)}" title="${esc(w.metres)}" min="10" max="100000" step="50" value="${metres ?? d.metres}">m</label></div></div>
    <label class="fld">${esc(w.ward)}<input class="q" type="search" autocomplete="off" value="${esc(typed)}"></label>
    <div class="hits" role="list">${(d.hits ?? []).map((h, i) => `<button class="hit" role="listitem" data-hit="${i}"><b>${esc(h.title)}</b><span>${esc(h.sub)}</span></button>`).join("") || (d.asked ? `<p class="none">${esc(w.nothing)}</p>` : "")}</div>`;
  const part = (p) => `<section class="part" data-part="${esc(p.id)}"><h3>${icon(p.icon)}<span class="clip">${esc(p.name)}</span><b class="n">${esc(p.count_text)}</b></h3>
    ${p.error ? `<p class="unknown">${esc(p.error)}</p>` : ""}${p.hidden ? `<p class="none">${esc(p.hidden)}</p>` : ""}
    ${p.abnormal ? `<p class="bad l${p.level}"><i class="gl">${p.table.rows[0].svg}</i>${esc(fill(w.abnormal_n, {n: p.abnormal}))}</p>` : ""}
    ${p.trend.text ? `<p class="tr">${bars(p.trend.bins)}<span>${esc(p.trend.text)}</span></p>` : ""}
    ${p.states.map((s) => `<p class="kv"><i class="gl">${s.svg}</i><span>${esc(s.label)}</span><b>${esc(s.n)}</b></p>`).join("")}
    ${p.table.rows.slice(0, 5).map((r) => `<button class="ob" data-service="${esc(p.id)}" data-id="${esc(r.id)}"><i class="gl">${r.svg}</i><span><b>${esc(r.title)}</b><em class="clip">${esc(r.sub)}</em></span></button>`).join("")}</section>`;
  const report = () => { const r = d.report; if (!r) return `<h2 class="rt">${esc(d.title)}</h2><p class="none">${esc(d.note || w.reading)}</p>`;
    return `<h2 class="rt">${esc(r.title)}</h2><p class="lead">${esc(r.lead)}</p><p class="rs">${esc(r.clock)}${r.known ? ` · ${esc(r.known)}` : ""}<br>${esc(r.window)}</p>
      ${r.simulated ? `<span class="simu">${esc(r.simulated)}</span>` : ""}${d.note ? `<p class="note bad" role="alert">${esc(d.note)}</p>` : ""}
      ${r.parts.map(part).join("") || `<p class="none">${esc(w.empty)}</p>`}${r.quiet ? `<p class="none">${esc(r.quiet)}</p>` : ""}
      ${r.people ? `<section class="part"><h3>${icon("groups")}<span>${esc(r.people.title)}</span></h3><p class="none">${esc(r.people.note)}</p></section>` : ""}
      ${r.cameras?.rows.length ? `<section class="part"><h3>${icon("videocam")}<span>${esc(r.cameras.title)}</span></h3>${r.cameras.rows.slice(0, 6).map((c) => `<p class="kv"><span class="clip">${esc(c.title)}</span><em class="${c.level ? `l${c.level}` : ""}">${esc(c.level ? c.state : c.note || c.where)}</em></p>`).join("")}<p class="none">${esc(r.cameras.note)}</p></section>` : ""}
      <section class="part">${r.facts.map((f) => `<p class="kv"><span>${esc(f.label)}</span><b>${esc(f.value)}</b></p>`).join("")}</section>`; };
  const option = (value, label, chosen) => `<option value="${esc(value)}" ${String(value) === String(chosen) ? "selected" : ""}>${esc(label)}</option>`;
  const field = (name, label, options) => `<label class="fld">${esc(label)}<select data-take="${name}">${options}</select></label>`;
  const href = (x) => {
    const picture = taken.format === "png", names = taken.what === "focus" && x.focus ? [x.focus.id] : x.visible, q = new URLSearchParams(x.query);
    q.set("format", taken.format); q.set("l", names.join(","));
    if (!picture) q.set("srid", taken.srid);
    if (taken.where === "area" && x.area && !picture) q.set("within", "area"); else q.set("box", x.box);
    if (picture) q.set("size", x.size);
    return `/export?${q}`;
  };
  const take = () => { const x = d.export; if (!x) return "";
    if (!x.focus) taken.what = "visible";
    if (!x.area) taken.where = "view";
    const some = x.focus || x.visible.length;
    return `<h2 class="rt">${esc(x.title)}</h2>${some ? `${field("format", x.words.format, x.formats.map((f) => option(f.id, f.label, taken.format)).join(""))}
      ${field("what", x.words.what, `${x.focus ? option("focus", x.focus.label, taken.what) : ""}${option("visible", x.n, taken.what)}`)}
      ${taken.format === "png" ? "" : `${field("where", x.words.where, `${option("view", x.words.view, taken.where)}${x.area ? option("area", x.area, taken.where) : ""}`)}${field("srid", x.words.system, x.systems.map((s) => option(s.srid, s.label, taken.srid)).join(""))}`}
      <a class="btn main" href="${esc(href(x))}" download>${icon("file_download")}<span>${esc(x.words.download)}</span></a>` : `<p class="none">${esc(x.words.nothing)}</p>`}
      <p class="none">${esc(x.clock)}</p>${(taken.format === "png" ? [] : x.notes).map((t) => `<p class="none">${esc(t)}</p>`).join("")}`; };
  const draw = (data, words) => {
    d = data; w = words;
    if (!d.mode) { root.innerHTML = ""; return; }
    const at = root.querySelector(":focus"), mark = at && (at.className || at.dataset.take), scroll = root.querySelector(".body")?.scrollTop ?? 0;
    const had = d.mode === "report", page = had && d.links;
    root.innerHTML = `<div class="rh"><span class="kd">${icon(d.mode === "export" ? "file_download" : "polyline")}${esc(d.mode === "export" ? w.export : w.title)}</span><span class="grow"></span>
      ${had ? `<button class="ib" data-do="goto" aria-label="${esc(w.goto)}" title="${esc(w.goto)}">${icon("my_location")}</button>` : ""}
      <button class="ib" data-do="close" aria-label="${esc(w.close)}" title="${esc(w.close)}">${icon("close")}</button></div>
      <div class="body">${d.mode === "choose" ? choose() : d.mode === "export" ? take() : report()}</div>
      ${had ? `<div class="act">${page ? `<a class="btn main" target="_blank" href="${esc(d.links.page)}">${icon("description")}<span>${esc(w.report)}</span></a><a class="btn" href="${esc(d.links.pdf)}" download>${icon("picture_as_pdf")}<span>${esc(w.pdf)}</span></a>` : ""}
      <span class="grow"></span><button class="btn" data-do="another" aria-label="${esc(w.another)}" title="${esc(w.another)}">${icon("edit")}</button><button class="btn" data-do="drop" aria-label="${esc(w.drop)}" title="${esc(w.drop)}">${icon("delete")}</button></div>` : ""}`;
    root.querySelector(".body").scrollTop = scroll;
    const field_ = mark === "q" ? root.querySelector(".q") : mark && at?.dataset.take ? root.querySelector(`[data-take="${at.dataset.take}"]`) : null;
    if (field_) { field_.focus(); field_.setSelectionRange?.(typed.length, typed.length); }
  };
  root.addEventListener("click", (e) => {
    const b = e.target.closest("[data-do]"), hit = e.target.closest("[data-hit]"), ob = e.target.closest("[data-service]");
    if (hit) { typed = ""; send("unit", {index: Number(hit.dataset.hit)}); }
    else if (ob) send("pick", {service: ob.dataset.service, id: ob.dataset.id});
    else if (b) { const name = b.dataset.do;
      if (["draw", "draw_box", "point"].includes(name)) send("tool", {name});
      else if (name === "around") send("around", {metres: Number(root.querySelector(".m").value)});
      else if (name === "another") send("mode", {name: "choose"});
      else send(name); }
  });
  root.addEventListener("input", (e) => {
    if (e.target.matches(".q")) { typed = e.target.value; clearTimeout(timer); timer = setTimeout(() => send("ward", {q: typed}), 150); }
    if (e.target.matches(".m")) metres = e.target.value;
  });
  root.addEventListener("change", (e) => { const name = e.target.dataset?.take; if (name) { taken[name] = e.target.value; draw(d, w); root.querySelector(`[data-take="${name}"]`)?.focus(); } });
  root.addEventListener("keydown", (e) => {
    if (e.key === "Escape") { e.stopPropagation(); send("close"); } // the page leaves the keys of a field alone
    if (e.key === "Enter" && e.target.matches(".q") && d.hits?.length) { typed = ""; send("unit", {index: 0}); }
  });
  model.on("msg:custom", (m) => { const data = m.data ?? m; if (data.type === "focus") (root.querySelector(".chs button:not([disabled]), .act a, select") ?? root.querySelector("button"))?.focus(); });
  model.on("remove", () => clearTimeout(timer));
  bind(model, draw)();
  return root;
}
