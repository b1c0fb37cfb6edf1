// Blocks beside and below the map of the wall. What does not fit goes: rows first, then whole blocks, the last first.
const wordings = (list) => `data-v="${esc(JSON.stringify([].concat(list ?? "").filter(Boolean)))}"`;
const heading = (s) => s.title ? `<h2><b class="clip">${esc(s.title)}</b><span>${esc(s.head ?? "")}</span></h2>` : "";
const LIST = (s) => `${heading(s)}<div class="rows">${s.items.length ? s.items.map((q) => `<div class="it ${q.level ? `l${q.level}` : "unknown"}${q.seen ? " seen" : ""}"><div class="num">${q.n}</div>
  <div class="tx"><div class="t clip" ${wordings(q.title)}></div><div class="s clip" data-own="${esc(JSON.stringify(q.sub ?? []))}" data-under="${esc(JSON.stringify(q.under ?? []))}" data-least="${esc(q.least ?? "")}" ${wordings(q.sub)}></div></div>
  <div class="lv">${q.svg}<div class="ag">${q.t == null ? "" : `<i data-t="${q.t}"></i>`}</div></div></div>`).join("") : s.calm ? `<p class="calm">${esc(s.calm)}</p>` : ""}</div>`;
const FACTS = (s) => `${heading(s)}<div class="facts" style="--n:${s.rows.length}">${s.rows.map((f) => `<div class="${f.state === "unknown" ? "unknown" : ""}"><b class="${f.level ? `l${f.level}` : ""}">${esc(f.value)}<u>${esc(f.unit)}</u></b>
  <span>${esc([].concat(f.label)[0])}</span>${f.note ? `<em>${esc(f.note)}</em>` : ""}</div>`).join("")}</div>`;
const TABLE = (s) => `${heading(s)}<div class="rows">${s.rows.map((r) => `<div class="row">${r.svg}<span class="n clip" ${wordings(r.name)}></span><b class="l${r.level}">${esc(r.value)}</b><span class="o">${esc(r.note)}</span><em>${esc(r.trend)}</em></div>`).join("")}</div>`;
const SHARES = (s) => `${heading(s)}<div class="rows shares">${s.rows.map((f) => `<div class="row"><span class="n clip" ${wordings(f.label)}></span><b class="${f.state ?? ""}">${esc(f.value)}</b><em>${esc(f.note)}</em></div>`).join("")}</div>`;
const RIVER = (r, tz) => {
  const W = 874, H = r.alone ? 150 : 108, [lo, hi] = r.range, y = (v) => H - (v - lo) / (hi - lo) * H, x = (t) => (t - r.from) / (r.to - r.from) * W;
  const path = r.series.map((run) => "M" + run.map(([t, v]) => `${x(t).toFixed(1)} ${y(v).toFixed(1)}`).join("L")).join("");
  const last = r.series.at(-1)?.at(-1), told = [];
  const lines = r.thresholds.filter((q) => q.value >= lo && q.value <= hi);
  for (const q of [...lines].reverse()) if (told.every((at) => Math.abs(at - y(q.value)) > 44)) { told.push(y(q.value)); q.said = true; }
  const tone = r.state === "unknown" ? "unknown" : r.level ? `l${r.level}` : "";
  return `<div class="r1"><span class="n clip" ${wordings(r.name)}></span><span class="rise">${esc(r.trend)}</span><span class="v ${tone}">${esc(r.value)} <span>${esc(r.unit)}</span></span></div>
    <svg viewBox="0 0 1104 ${H + (r.axis ? 50 : 8)}" class="hy">${lines.map((q) => `<line x1="0" x2="${W}" y1="${y(q.value)}" y2="${y(q.value)}" class="th v${q.level}"/>${q.said ? `<text x="1104" y="${y(q.value) + 15}" text-anchor="end">${esc(q.title)}</text>` : ""}`).join("")}
    <line x1="0" x2="${W}" y1="${H}" y2="${H}" class="ax"/><path d="${path}" class="ln"/>${last ? `<circle cx="${x(last[0])}" cy="${y(last[1])}" r="11" class="pt ${r.level ? `f${r.level}` : ""}"/>` : ""}
    ${r.axis ? `<text x="0" y="${H + 46}">${clock(r.from, tz)}</text><text x="${W}" y="${H + 46}" text-anchor="end">${clock(r.to, tz)}</text>` : ""}</svg>`;
};
const SHOT = (s) => `<figure class="shot ${s.state}" data-letter="${esc(s.letter)}"><div class="pic">${s.url ? `<img alt="" src="${esc(s.url)}">` : `<div class="none l${s.level || 0}">${icon(s.state === "unknown" ? "link_off" : "videocam_off")}<span class="clip" ${wordings(s.word)}></span></div>`}${s.t == null ? "" : `<i class="${s.level ? `l${s.level}` : ""}"><u data-t="${s.t}"></u></i>`}</div>
  <figcaption><b>${esc(s.letter)}</b><span class="clip" ${wordings(s.name)}></span></figcaption></figure>`;
const CAMERAS = (s) => `<div class="shots" style="--columns:${s.columns}">${s.shots.map(SHOT).join("")}</div>`;
const tone = (t) => t.state === "down" ? "unknown" : t.level ? `l${t.level}` : "";
const TILE = (t, big, changed) => `<div class="tile ${t.state}"><div class="th">${icon(t.icon)}<span class="clip">${esc(t.title)}</span><i></i>${t.svg ?? ""}</div>
  <div class="tv">${t.value == null ? "" : `<b class="${tone(t)}${changed ? " new" : ""}">${esc(t.value)}</b>`}<span class="clip" ${wordings(t.label)}></span>${big ? "" : `<i></i><em>${t.second ? esc(t.second) : t.t == null ? "" : `<u data-t="${t.t}"></u>`}</em>`}</div>
  ${big && t.value != null ? `<div class="t3 clip" ${wordings(t.seconds ?? [t.second])}></div><div class="t3 clip" ${wordings([t.trend])}></div><div class="t4"><span class="clip">${esc(t.sources ?? "")}</span><u ${t.t == null ? "" : `data-t="${t.t}"`}></u></div>` : ""}</div>`;
const NOTE = (s) => `<h2><b>${esc(s.title)}</b></h2><p class="calm">${esc(s.line)}</p>`;
const MAKE = {note: NOTE, list: LIST, facts: FACTS, table: TABLE, shares: SHARES, river: RIVER, cameras: CAMERAS};

export function render({model, el}) {
  const root = document.createElement("div");
  const was = new Map();
  let units = {}, tz = "UTC", pending = null, told = "";
  const tiles = (s) => `<div class="tiles${s.big ? " big" : ""}" style="--columns:${s.columns};--rows:${s.rows};--last:${1 + s.columns * s.rows - s.tiles.length}">${s.tiles.map((t) => { const changed = was.has(t.id) && was.get(t.id) !== t.value; was.set(t.id, t.value); return TILE(t, s.big, changed); }).join("")}</div>`;
  // A picture is drawn only when it is whole: until then the one before it stands.
  const pictures = (before) => {
    for (const img of root.querySelectorAll(".pic img")) {
      const old = before.get(img.closest(".shot").dataset.letter);
      if (!old || !old.complete || !old.naturalWidth) { img.onerror = () => gone(img); continue; }
      if (old.getAttribute("src") === img.getAttribute("src")) { img.replaceWith(old); continue; }
      const next = new Image(); next.alt = ""; next.src = img.getAttribute("src");
      img.replaceWith(old); next.onload = () => old.replaceWith(next); next.onerror = () => gone(old);
    }
  };
  const gone = (img) => { const box = document.createElement("div"); box.className = "none"; box.innerHTML = `${icon("videocam_off")}<span class="clip">${esc(model.words.no_picture ?? "")}</span>`; img.replaceWith(box); fit(); };
  const draw = (d, w) => {
    units = w.age ?? {}; tz = d.timezone ?? tz;
    const before = new Map([...root.querySelectorAll(".shot")].map((s) => [s.dataset.letter, s.querySelector("img")]));
    root.className = `parts ${d.side ?? ""}`;
    root.innerHTML = (d.sections ?? []).map((s) => `<section class="part ${s.kind}${["alone", "half", "compact"].map((k) => s[k] ? ` ${k}` : "").join("")}">${s.kind === "tiles" ? tiles(s) : MAKE[s.kind]?.(s, tz) ?? ""}</section>`).join("");
    pictures(before); tick(root, Date.now() / 1000, units, tz); fit();
    clearTimeout(pending); pending = setTimeout(() => root.querySelectorAll(".new").forEach((b) => b.classList.remove("new")), 2000);
  };
  const over = () => root.scrollHeight > root.clientHeight + 1;
  const narrow = (e) => e.scrollWidth > e.clientWidth + 1 || e.matches(".clip") && cut(e);
  // Order of loss when a line is narrow (look.md 5): its second fact goes, then words give way to shorter ones, then they
  // take a second line. A wall has no hand that could ask for what an ellipsis hides.
  const worded = () => {
    for (const e of root.querySelectorAll(".two")) e.classList.remove("two");
    for (const e of root.querySelectorAll(".tv em[hidden],.row em[hidden],.rise[hidden],.compact .s[hidden]")) e.hidden = false;
    whole(root);
    // a title that had to leave out whose it is says so below
    for (const line of root.querySelectorAll(".s[data-under]")) {
      const short = line.dataset.least && line.previousElementSibling.textContent === line.dataset.least;
      line.dataset.v = short && line.dataset.under !== "[]" ? line.dataset.under : line.dataset.own;
    }
    const give = (line, name, second) => { if (name && second && !second.hidden && narrow(name)) second.hidden = true; };
    for (const line of root.querySelectorAll(".tv")) give(line, line.querySelector("span"), line.querySelector("em"));
    for (const line of root.querySelectorAll(".table .row,.half .row")) give(line, line.querySelector(".n"), line.querySelector("em"));
    for (const line of root.querySelectorAll(".r1")) give(line, line.querySelector(".n"), line.querySelector(".rise"));
    // beside its title on one line a second fact has no second line to take
    for (const s of root.querySelectorAll(".compact .s")) if (narrow(s) || narrow(s.previousElementSibling)) s.hidden = true;
    whole(root);
    for (const e of root.querySelectorAll(".clip")) if (narrow(e)) e.classList.add("two");
  };
  const fit = () => {
    if (!root.clientHeight) return;
    for (const e of root.querySelectorAll("[data-gone]")) { e.hidden = false; delete e.dataset.gone; }
    for (const head of root.querySelectorAll("h2 span")) head.hidden = false;
    worded();
    const drop = (e) => { e.hidden = true; e.dataset.gone = ""; };
    if (root.classList.contains("rail") && over()) {
      const parts = [...root.querySelectorAll(".part")].filter((p) => !p.classList.contains("tiles")), gone = [];
      const rows = () => parts.map((p) => [...p.querySelectorAll(".rows>:not([hidden])")]);
      // the longest list gives a row, while one has more than two; then the last block goes; then what fits comes back
      while (over()) {
        const most = rows().reduce((a, b) => b.length >= a.length ? b : a, []), standing = parts.filter((p) => !p.hidden);
        const e = most.length > 2 && !most.at(-1).closest(".part").hidden ? most.at(-1) : standing.length > 1 ? standing.at(-1) : null;
        if (!e) break;
        drop(e); gone.push(e);
      }
      for (const e of gone.reverse()) { e.hidden = false; if (over()) e.hidden = true; else delete e.dataset.gone; }
    }
    const hidden = [...root.querySelectorAll("[data-gone] .num,[data-gone].it .num")].map((n) => n.textContent).join();
    if (root.classList.contains("rail") && hidden !== told) { told = hidden; model.send_msg({type: "fits", hidden: hidden ? hidden.split(",") : []}); }
    for (const head of root.querySelectorAll("h2")) { const span = head.querySelector("span"); if (span) span.hidden = narrow(head) || narrow(head.querySelector("b")); }
  };
  bind(model, draw)(); measured(model, root, fit); every(model, 10, () => { tick(root, Date.now() / 1000, units, tz); fit(); }); // an age may have grown wider
  return root;
}
