const COLUMNS = ["name", "value", "interval", "n", "target", "trend", "before", "age", "law"];
const RIGHT = ["value", "interval", "n", "age"];
const KINDS = {act: (r) => r.level >= 2, missed: (r) => r.met === "missed", unknown: (r) => ["unknown", "failed"].includes(r.state), known: (r) => ["known", "partial"].includes(r.state)};
// The past as a thin line, its end a dot; a gap where it was not known. Its own scale: the shape is what counts.
const spark = (values, label) => {
  const known = values.filter((v) => v != null);
  if (known.length < 2) return "";
  const least = Math.min(...known), wide = Math.max(...known) - least, low = wide ? least : least - 1, span = wide || 2, n = values.length - 1;
  let path = "", on = false, end = "";
  values.forEach((v, i) => {
    if (v == null) { on = false; return; }
    const x = (2 + i * 96 / n).toFixed(1), y = (21 - (v - low) / span * 18).toFixed(1);
    path += `${on ? "L" : "M"}${x} ${y}`; on = true;
    if (i === n) end = `<circle cx="${x}" cy="${y}" r="2.2"/>`;
  });
  return `<svg class="spark" viewBox="0 0 102 24" role="img" aria-label="${esc(label)}"><path d="${path}"/>${end}</svg>`;
};
const plainest = (s) => String(s).normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[\u0111\u0110]/g, "d").toLowerCase();
export function render({model, el}) {
  const root = document.createElement("div");
  root.className = "tb";
  root.innerHTML = `<div class="th"><h1></h1><div class="sr" role="search">${icon("filter_alt")}<input type="search" autocomplete="off" spellcheck="false"><kbd>/</kbd></div>
    <button class="only" hidden></button><span class="cnt"></span></div>
    <div class="scroll" tabindex="0"><table><colgroup></colgroup><thead></thead><tbody></tbody></table><p class="nil" hidden><span></span><button></button></p></div>`;
  const $ = (s) => root.querySelector(s), box = $(".scroll"), input = $("input");
  let d = {}, w = {}, q = "", kind = null, at = null, shown = [], fresh = 20;
  const when = () => d.clock ?? Date.now() / 1000;
  const told = (r) => r.state === "reading" ? `<i class="wait"></i>` : ["ready", "none", "failed"].includes(r.state) ? `<i>${esc(r.word)}</i>` : `<b>${esc(r.value)}</b>${r.unit ? `<i>${esc(r.unit)}</i>` : ""}`;
  const row = (r) => `<tr class="${esc(r.state)} l${r.level} ${r.id === d.selected ? "on" : r.id === at ? "at" : ""}" data-id="${esc(r.id)}" aria-selected="${r.id === d.selected}">
      <td><div class="nm"><span class="gl">${r.svg}</span><div><b title="${esc(r.name)}">${esc(r.name)}</b><i>${esc(r.sub)}</i></div></div></td>
      <td class="r val" title="${esc(r.word ?? "")}">${told(r)}</td><td class="r interval">${esc(r.interval ?? "")}</td><td class="r n">${esc(r.n ?? "")}</td>
      <td class="target">${r.target ? `<span>${esc(r.target)}</span>${r.met_word ? `<em class="${esc(r.met)}">${esc(r.met_word)}</em>` : ""}` : ""}</td>
      <td class="trend">${spark(r.spark ?? [], r.before ?? "")}</td><td class="before">${esc(r.before ?? "")}</td>
      <td class="r age">${r.t == null ? "" : `<span data-t="${r.t}"></span>`}</td><td class="law" title="${esc(r.law)}">${esc(r.law)}${r.doubt ? `<em>${esc(w.doubt)}</em>` : ""}</td></tr>`;
  const paint = () => {
    const words = plainest(q).split(/\s+/).filter(Boolean), every = (d.groups ?? []).flatMap((g) => g.rows);
    const keep = (r) => (!kind || KINDS[kind](r)) && words.every((x) => plainest(r.find).includes(x));
    const groups = (d.groups ?? []).map((g) => ({...g, rows: g.rows.filter(keep)})).filter((g) => g.rows.length);
    shown = groups.flatMap((g) => g.rows);
    $("tbody").innerHTML = groups.map((g) => `<tr class="g">${COLUMNS.map((c, i) => `<td class="${c}">${i ? "" : `${esc(g.title)}${g.ready ? `<em>${esc(w.ready)}</em>` : ""}`}</td>`).join("")}</tr>${g.rows.map(row).join("")}`).join("");
    $(".cnt").textContent = (q || kind) && every.length ? fill(w.count, {shown: shown.length, total: every.length}) : "";
    $(".only").hidden = !kind; $(".only").innerHTML = kind ? `${esc(w[kind])}${icon("close")}` : "";
    $(".nil").hidden = !!shown.length || !every.length;
    $(".nil span").textContent = w.nothing; $(".nil button").textContent = w.clear;
    tick(root, when(), w.age ?? {}, d.timezone);
  };
  const draw = () => {
    $("h1").textContent = w.title;
    input.placeholder = w.filter; input.setAttribute("aria-label", w.filter);
    root.classList.toggle("past", d.clock != null);
    box.classList.toggle("stale", !!d.stale); box.setAttribute("aria-label", w.title);
    $("colgroup").innerHTML = COLUMNS.map((c) => `<col class="c-${c}">`).join("");
    $("thead").innerHTML = `<tr>${COLUMNS.map((c) => `<th class="${RIGHT.includes(c) ? "r" : ""} ${c}" title="${esc(w[`${c}_note`] ?? "")}">${esc(c === "age" ? w.old : w[c])}</th>`).join("")}</tr>`;
    paint();
  };
  const seen = (id) => root.querySelector(`tr[data-id="${CSS.escape(id ?? "")}"]`)?.scrollIntoView({block: "nearest"});
  const pick = (id) => { if (id) model.send_msg({type: "pick", id}); };
  const next = (by) => {
    if (!shown.length) return;
    const i = shown.findIndex((r) => r.id === (at ?? d.selected));
    at = shown[Math.max(0, Math.min(shown.length - 1, i < 0 ? by > 0 ? 0 : shown.length - 1 : i + by))].id;
    if (d.selected) pick(at);
    paint(); seen(at);
  };
  const clear = () => { q = input.value = ""; kind = null; paint(); };
  input.addEventListener("input", () => { q = input.value; paint(); });
  input.addEventListener("keydown", (e) => {
    if (e.key === "Escape") { clear(); input.blur(); } else if (e.key === "Enter") pick(at ?? shown[0]?.id);
    else if (e.key === "ArrowDown" || e.key === "ArrowUp") { next(e.key === "ArrowDown" ? 1 : -1); e.preventDefault(); }
    e.stopPropagation();
  });
  root.addEventListener("click", (e) => {
    const tr = e.target.closest("tr[data-id]");
    if (tr) { at = tr.dataset.id; pick(at); paint(); } else if (e.target.closest(".nil button")) clear();
    else if (e.target.closest(".only")) { kind = null; paint(); }
  });
  for (const kind of ["wheel", "pointerdown", "keydown"]) box.addEventListener(kind, () => { fresh = 0; }, {passive: true}); // a hand scrolls now
  box.addEventListener("keydown", (e) => {
    if (e.key === "ArrowDown" || e.key === "ArrowUp") { next(e.key === "ArrowDown" ? 1 : -1); e.preventDefault(); e.stopPropagation(); }
    else if (e.key === "Enter") { pick(at ?? shown[0]?.id); e.stopPropagation(); }
  });
  model.on("msg:custom", (m) => { const data = m.data ?? m;
    if (data.type === "filter") { kind = kind === data.q ? null : data.q; paint(); } else if (data.type === "next") next(data.by);
    else if (data.type === "open") pick(at ?? shown[0]?.id); else if (data.type === "focus") box.focus(); });
  const again = bind(model, (data, words) => { const was = d.selected, first = !d.groups; if (data.clock !== d.clock) fresh = 20; d = data; w = words; draw(); if (d.selected !== was) { at = d.selected ?? at; if (first || d.selected) seen(d.selected); }
    if (d.selected && fresh-- > 0) requestAnimationFrame(() => seen(d.selected)); }); // a link's row: the table grows while it is counted
  again(); every(model, 1, () => tick(root, when(), w.age ?? {}, d.timezone));
  asking(model, again, () => d.drawn);
  return root;
}
