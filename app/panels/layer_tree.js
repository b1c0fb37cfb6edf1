// What a person types without marks finds what is written with them (geodata.folding.fold).
const folded = (s) => s.toLowerCase().replace(/\u0111/g, "d").normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[^a-z0-9]+/g, " ").trim();
export function render({model, el}) {
  const root = document.createElement("div");
  root.className = "tree";
  root.innerHTML = `<div class="lh"><b></b><input type="search" class="find" autocomplete="off" spellcheck="false"></div><div class="groups" role="tree"></div><div class="lf"></div>`;
  const $ = (s) => root.querySelector(s), send = (type, fields) => model.send_msg({type, ...fields});
  let units = {}, tz = "UTC", asked = "";
  const open = new Set();
  const row = (r, d, w) => `<div class="row${r.id === d.focus ? " sel" : ""}${r.visible && !r.planned ? "" : " off"}" role="treeitem" tabindex="0"
      data-id="${esc(r.id)}" aria-selected="${r.id === d.focus}" aria-expanded="${r.id === d.focus}" aria-label="${esc([r.title, r.count, r.worst && fill(w.worst, {n: r.worst.n, level: r.worst.level}), r.word].filter((x) => x != null && x !== "").join(", "))}">
    <button class="eye" ${r.planned ? "disabled" : ""} role="switch" aria-checked="${!!r.visible}" aria-label="${esc(fill(w.show, {name: r.title}))}">${icon(r.visible && !r.planned ? "visibility" : "visibility_off")}</button>
    <span class="mk">${r.planned ? icon(r.icon) : r.svg}</span><span class="nm">${esc(r.title)}</span>
    ${r.worst ? `<span class="wl" title="${esc(fill(w.worst, {n: r.worst.n, level: r.worst.level}))}">${r.worst.svg}</span>` : ""}
    <span class="n"${r.of == null ? "" : ` title="${esc(fill(w.of, {n: r.count, total: r.of}))}"`}>${r.of == null ? "" : icon("filter_alt")}${r.count == null ? "" : number(r.count, d.language)}</span>
    <span class="ag${r.state === "down" ? " unknown" : r.state === "late" ? " late" : ""}">${r.word != null ? esc(r.word) : r.t == null ? "" : `<i data-t="${r.t}"></i>`}</span></div>`;
  const legend = (rows, d) => rows.map((l) => `<div class="lg"><span>${l.svg}${esc(l.title)}</span><b class="${l.level ? `l${l.level}` : l.state === "unknown" ? "unknown" : ""}">${l.count == null ? "" : number(l.count, d.language)}</b></div>`).join("");
  const facet = (f, d, w) => `<details data-column="${esc(f.column)}"${open.has(f.column) || f.values.some((v) => v.on) ? " open" : ""}><summary>${esc(f.title)}</summary><div class="chips">${f.values.map((v) =>
    `<button class="chip${v.on ? " on" : ""}" data-value="${esc(v.id)}" aria-pressed="${v.on}">${esc(v.title)} <em>${number(v.n, d.language)}</em></button>`).join("")}${f.more > 0 ? `<span class="more">${esc(fill(w.more, {n: f.more}))}</span>` : ""}</div></details>`;
  const detail = (s, d, w) => s.about !== undefined ? `<div class="sub"><p class="about">${esc(s.about)}</p><p class="note">${esc(s.missing)}</p></div>`
    : `<div class="sub">${legend(s.legend, d)}${s.note ? `<p class="note">${esc(s.note)}</p>` : ""}
    <label class="op"><span>${esc(w.opacity)}</span><input type="range" min="10" max="100" value="${Math.round(s.opacity * 100)}"><output>${Math.round(s.opacity * 100)}%</output></label>
    ${s.by.length > 1 ? `<div class="by"><span>${esc(w.color_by)}</span><div class="chips">${s.by.map((b) => `<button class="chip${b.id === s.chosen ? " on" : ""}" data-by="${esc(b.id)}" aria-pressed="${b.id === s.chosen}">${esc(b.title)}</button>`).join("")}</div></div>` : ""}
    ${legend(s.swatches ?? [], d)}
    ${s.facets?.length ? `<div class="by"><span>${esc(w.filter)}${s.filtered ? ` <button class="clear">${esc(w.clear)}</button>` : ""}</span>${s.facets.map((f) => facet(f, d, w)).join("")}</div>` : ""}</div>`;
  const whole = (g) => g.on === g.of ? "true" : g.on ? "mixed" : "false";
  const head = (g, w) => `<div class="grp"><span id="g-${esc(g.id)}">${esc(g.title)}</span>${g.of > 1 ? `<button class="all" data-group="${esc(g.id)}" role="switch" aria-checked="${whole(g)}" aria-label="${esc(fill(w.group, {name: g.title}))}" title="${esc(fill(w.group, {name: g.title}))}">${g.on}/${g.of} ${icon(g.on ? "visibility" : "visibility_off")}</button>` : ""}</div>`;
  const path = (at) => at?.dataset.value !== undefined ? `[data-column="${CSS.escape(at.closest("details").dataset.column)}"] [data-value="${CSS.escape(at.dataset.value)}"]`
    : at?.dataset.by ? `[data-by="${CSS.escape(at.dataset.by)}"]` : at?.dataset.group ? `[data-group="${CSS.escape(at.dataset.group)}"]`
    : at?.type === "range" ? ".op input" : at?.closest?.("[data-id]") ? `[data-id="${CSS.escape(at.closest("[data-id]").dataset.id)}"]${at.matches(".eye") ? " .eye" : ""}` : null;
  const draw = (d, w) => {
    units = w.age ?? {}; tz = d.timezone;
    $(".lh b").textContent = w.title ?? ""; $(".find").placeholder = w.find ?? ""; $(".find").setAttribute("aria-label", w.find ?? "");
    const box = $(".groups"), scroll = box.scrollTop, active = path(root.getRootNode().activeElement);
    box.setAttribute("aria-label", w.title);
    const words = folded(asked).split(" ").filter(Boolean), hit = (r) => words.every((q) => r.find.includes(q));
    const groups = (d.groups ?? []).map((g) => ({...g, rows: words.length ? g.rows.filter(hit) : g.rows})).filter((g) => g.rows.length);
    box.innerHTML = groups.map((g) => `<div role="group" aria-labelledby="g-${esc(g.id)}">${head(g, w)}${g.rows.map((r) => row(r, d, w) + (r.id === d.focus && d.selected ? detail(d.selected, d, w) : "")).join("")}</div>`).join("")
      || (words.length ? `<p class="nothing">${esc(w.nothing)}</p>` : "");
    $(".lf").innerHTML = `${icon("map")}<span class="clip">${esc(d.foot)}</span>`;
    box.scrollTop = scroll;
    if (active) box.querySelector(active)?.focus({preventScroll: true});
    tick(root, Date.now() / 1000, units, tz);
  };
  const again = bind(model, draw);
  root.addEventListener("click", (e) => {
    const item = e.target.closest("[data-id]"), by = e.target.closest("[data-by]"), group = e.target.closest("[data-group]"), value = e.target.closest("[data-value]");
    if (by) send("by", {by: by.dataset.by});
    else if (group) send("group", {id: group.dataset.group, on: group.getAttribute("aria-checked") !== "true"});
    else if (value) send("filter", {column: value.closest("details").dataset.column, value: value.dataset.value});
    else if (e.target.closest(".clear")) send("unfilter", {});
    else if (item && e.target.closest(".eye")) send("eye", {id: item.dataset.id});
    else if (item) send("focus", {id: item.dataset.id});
  });
  root.addEventListener("toggle", (e) => { const c = e.target.dataset?.column; if (c) e.target.open ? open.add(c) : open.delete(c); }, true);
  root.addEventListener("keydown", (e) => {
    if (e.target.matches(".find")) {
      if (e.key === "Escape") { e.target.value = asked = ""; again(); e.target.blur(); e.stopPropagation(); }
      if (e.key === "ArrowDown" || e.key === "Enter") { root.querySelector("[data-id]")?.focus(); e.preventDefault(); }
      return;
    }
    const item = e.target.closest?.("[data-id]");
    if (!item || e.target.closest("button,input")) return;
    const all = [...root.querySelectorAll("[data-id]")], i = all.indexOf(item);
    if (e.key === "ArrowDown") all[i + 1]?.focus();
    else if (e.key === "ArrowUp") i ? all[i - 1].focus() : $(".find").focus();
    else if (e.key === "Enter") send("focus", {id: item.dataset.id});
    else if (e.key === " ") send("eye", {id: item.dataset.id});
    else return;
    e.preventDefault(); e.stopPropagation();
  });
  root.addEventListener("input", (e) => {
    if (e.target.type === "range") e.target.nextElementSibling.textContent = `${e.target.value}%`;
    if (e.target.matches(".find")) { asked = e.target.value; again(); }
  });
  root.addEventListener("change", (e) => { if (e.target.type === "range") send("opacity", {value: Number(e.target.value) / 100}); });
  model.on("msg:custom", (m) => { if ((m.data ?? m).type === "focus") (root.querySelector('[aria-selected="true"]') ?? root.querySelector("[data-id]"))?.focus(); });
  again(); every(model, 1, () => tick(root, Date.now() / 1000, units, tz));
  return root;
}
