const COLUMNS = ["name", "protocol", "last", "cadence", "lag", "strip", "sums", "version"];
// One path a kind of cell: 96 cells cost three elements a row, not 96.
const strip = (s, label) => {
  if (!s) return "";
  let v = "", x = "", f = "", run = -1;
  for (let i = 0; i <= s.length; i++) {
    const c = s[i];
    if (c === "x") { if (run < 0) run = i; continue; }
    if (run >= 0) { x += `M${run * 3 + .5} 3.5H${i * 3 - .5}V27.5H${run * 3 + .5}Z`; run = -1; }
    if (c == null || c === ".") continue;
    const h = c >= "a" ? c.charCodeAt(0) - 96 : Number(c);
    v += `M${i * 3} 28v-${(h * 2.8).toFixed(1)}h2v${(h * 2.8).toFixed(1)}z`;
    if (c >= "a") f += `M${i * 3} 0h2v3h-2z`;
  }
  return `<svg class="strip" viewBox="0 0 288 28" preserveAspectRatio="none" role="img" aria-label="${esc(label)}"><path class="base" d="M0 27.5H288"/><path class="v" d="${v}"/>${x ? `<path class="x" d="${x}"/>` : ""}${f ? `<path class="f" d="${f}"/>` : ""}</svg>`;
};
const plainest = (s) => String(s).normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[\u0111\u0110]/g, "d").toLowerCase();
export function render({model, el}) {
  const root = document.createElement("div");
  root.className = "tb";
  root.innerHTML = `<div class="th"><h1></h1><div class="sr" role="search">${icon("filter_alt")}<input type="search" autocomplete="off" spellcheck="false"><kbd>/</kbd></div>
    <span class="cnt"></span><span class="grow"></span><span class="key"></span></div>
    <div class="scroll" tabindex="0"><table><colgroup></colgroup><thead></thead><tbody></tbody></table><p class="none" hidden><span></span><button></button></p></div>`;
  const $ = (s) => root.querySelector(s), box = $(".scroll"), input = $("input");
  let d = {}, w = {}, q = "", at = null, shown = [];
  const sums = (r) => { if (!r.sums) return "";
    const [a, b, c, e] = r.sums.map((n) => number(n, d.language));
    return `<span class="ns ${r.closes ? "" : "bad"}" title="${esc(r.closes ? w.closes : w.open)}">${r.warning ?? ""}<b>${a}</b><em>${r.closes ? "=" : "≠"}</em>${b}<em>+</em>${c}<em>+</em>${e}</span>`; };
  const row = (r) => {
    const mine = `${esc(r.state)} ${r.id.startsWith("service:") ? "w" : ""} ${r.id === d.selected ? "on" : r.id === at ? "at" : ""}`;
    const down = [...(r.strip ?? "")].filter((c) => c === "x" || c >= "a").length;
    return `<tr class="${mine}" data-id="${esc(r.id)}" aria-selected="${r.id === d.selected}">
      <td><div class="nm">${r.svg}<div><b title="${esc(r.name)}">${esc(r.name)}</b><i>${esc(r.sub)}<span class="hush">, ${esc(r.word)}</span></i></div></div></td>
      <td class="protocol">${esc(r.protocol ?? "")}</td><td class="r last">${r.t == null ? esc(r.sums ? w.never : "") : `<span data-t="${r.t}"></span>`}</td>
      <td class="r cadence">${esc(r.cadence)}</td><td class="r lag" title="${r.lag_n ? esc(fill(w.lag_n, {n: number(r.lag_n, d.language)})) : ""}">${esc(r.lag || (r.sums ? "–" : ""))}</td>
      <td>${strip(r.strip, fill(w.strip_label, {n: down}))}</td><td class="r">${sums(r)}</td><td class="r version">${r.version == null ? "" : number(r.version, d.language)}</td></tr>`;
  };
  const paint = () => {
    const words = plainest(q).split(/\s+/).filter(Boolean), every = (d.groups ?? []).flatMap((g) => g.rows);
    const groups = (d.groups ?? []).map((g) => ({title: g.title, rows: g.rows.filter((r) => { const t = plainest(r.find); return words.every((x) => t.includes(x)); })})).filter((g) => g.rows.length);
    shown = groups.flatMap((g) => g.rows);
    $("tbody").innerHTML = groups.map((g) => `<tr class="g">${COLUMNS.map((c, i) => `<td class="${c === "strip" ? "day" : c}">${i ? "" : esc(g.title)}</td>`).join("")}</tr>${g.rows.map(row).join("")}`).join("");
    $(".cnt").textContent = q && every.length ? fill(w.count, {shown: shown.length, total: every.length}) : "";
    $(".none").hidden = !!shown.length || !d.read;
    $(".none span").textContent = every.length ? w.nothing : w.empty;
    $(".none button").hidden = !every.length; $(".none button").textContent = w.clear;
    tick(root, Date.now() / 1000, w.age ?? {}, d.timezone);
  };
  const draw = () => {
    $("h1").textContent = w.title;
    input.placeholder = w.filter; input.setAttribute("aria-label", w.filter);
    box.classList.toggle("stale", !!d.stale); box.setAttribute("aria-label", w.title);
    $("colgroup").innerHTML = COLUMNS.map((c) => `<col class="c-${c}">`).join("");
    $("thead").innerHTML = `<tr>${COLUMNS.map((c) => `<th class="${["last", "cadence", "lag", "sums", "version"].includes(c) ? "r" : ""} ${c === "strip" ? "day" : c}" title="${esc(w[`${c}_note`] ?? "")}">${c === "strip" ? `<span class="axis"><span>${esc(w.strip_from)}</span><span>${esc(w.strip)}</span><span>${esc(w.strip_to)}</span></span>` : esc(w[c])}</th>`).join("")}</tr>`;
    $(".key").innerHTML = `<svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" class="strip" style="width:14px;height:14px"><path class="v" d="M1 14V8h2v6zM5 14V3h2v11zM9 14V6h2v8z"/></svg>${esc(w.key_received)}
      <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" class="strip" style="width:14px;height:14px"><path class="x" d="M.5 1.5H13.5V13.5H.5Z"/></svg>${esc(w.key_down)}`;
    paint();
  };
  const seen = (id) => root.querySelector(`tr[data-id="${CSS.escape(id ?? "")}"]`)?.scrollIntoView({block: "nearest"});
  const pick = (id) => { if (id && !id.startsWith("service:")) model.send_msg({type: "pick", id}); };
  const next = (by) => {
    if (!shown.length) return;
    const i = shown.findIndex((r) => r.id === (at ?? d.selected));
    at = shown[Math.max(0, Math.min(shown.length - 1, i < 0 ? by > 0 ? 0 : shown.length - 1 : i + by))].id;
    if (d.selected) pick(at);
    paint(); seen(at);
  };
  const filter = (text) => { q = text; if (input.value !== text) input.value = text; paint(); };
  input.addEventListener("input", () => filter(input.value));
  input.addEventListener("keydown", (e) => {
    if (e.key === "Escape") { filter(""); input.blur(); } else if (e.key === "Enter") pick(at ?? shown[0]?.id);
    else if (e.key === "ArrowDown" || e.key === "ArrowUp") { next(e.key === "ArrowDown" ? 1 : -1); e.preventDefault(); }
    e.stopPropagation();
  });
  root.addEventListener("click", (e) => {
    const tr = e.target.closest("tr[data-id]");
    if (tr) { at = tr.dataset.id; pick(at); paint(); } else if (e.target.closest(".none button")) filter("");
  });
  box.addEventListener("keydown", (e) => {
    if (e.key === "ArrowDown" || e.key === "ArrowUp") { next(e.key === "ArrowDown" ? 1 : -1); e.preventDefault(); e.stopPropagation(); }
    else if (e.key === "Enter") { pick(at ?? shown[0]?.id); e.stopPropagation(); }
  });
  model.on("msg:custom", (m) => { const data = m.data ?? m;
    if (data.type === "filter") filter(q === data.q ? "" : data.q); else if (data.type === "next") next(data.by);
    else if (data.type === "open") pick(at ?? shown[0]?.id); else if (data.type === "focus") box.focus(); });
  const again = bind(model, (data, words) => { const was = d.selected, first = !d.groups; d = data; w = words; draw(); if (d.selected !== was) { at = d.selected ?? at; if (first || d.selected) seen(d.selected); } });
  again(); every(model, 1, () => tick(root, Date.now() / 1000, w.age ?? {}, d.timezone));
  asking(model, again, () => d.drawn);
  return root;
}
