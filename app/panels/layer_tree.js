export function render({model, el}) {
  const root = document.createElement("div");
  root.className = "tree";
  const send = (type, fields) => model.send_msg({type, ...fields});
  const row = (r, d, w) => `<div class="row${r.id === d.focus ? " sel" : ""}${r.visible && !r.planned ? "" : " off"}" role="treeitem" tabindex="0"
      data-id="${esc(r.id)}" aria-selected="${r.id === d.focus}" aria-label="${esc(r.title)}">
    <button class="eye" ${r.planned ? "disabled" : ""} role="switch" aria-checked="${!!r.visible}" aria-label="${esc(fill(w.show, {name: r.title}))}">${icon(r.visible && !r.planned ? "visibility" : "visibility_off")}</button>
    <span class="mk">${r.planned ? icon(r.icon) : r.svg}</span><span class="nm clip">${esc(r.title)}</span>
    <span class="n">${r.count == null ? "" : number(r.count, d.language)}</span>
    <span class="ag${r.state === "down" ? " unknown" : r.state === "late" ? " late" : ""}">${r.word ? esc(r.word) : `<i data-t="${r.t}"></i>`}</span></div>`;
  const detail = (s, d, w) => `<div class="sub">${s.legend.map((l) => `<div class="lg"><span>${l.svg}${esc(l.title)}</span><b class="${l.level ? `l${l.level}` : l.state === "unknown" ? "unknown" : ""}">${l.count == null ? "" : number(l.count, d.language)}</b></div>`).join("")}
    ${s.note ? `<p class="note">${esc(s.note)}</p>` : ""}
    <label class="op"><span>${esc(w.opacity)}</span><input type="range" min="10" max="100" value="${Math.round(s.opacity * 100)}"><output>${Math.round(s.opacity * 100)}%</output></label>
    ${s.by.length > 1 ? `<div class="by"><span>${esc(w.color_by)}</span><div class="chips">${s.by.map((b) => `<button class="chip${b.id === s.chosen ? " on" : ""}" data-by="${esc(b.id)}" aria-pressed="${b.id === s.chosen}">${esc(b.title)}</button>`).join("")}</div></div>` : ""}</div>`;
  let units = {}, tz = "UTC";
  const draw = (d, w) => {
    units = w.age ?? {}; tz = d.timezone;
    const scroll = root.querySelector(".groups")?.scrollTop ?? 0, active = root.getRootNode().activeElement?.closest?.("[data-id]")?.dataset.id;
    root.innerHTML = `<div class="lh"><b>${esc(w.title)}</b></div><div class="groups" role="tree" aria-label="${esc(w.title)}">${(d.groups ?? []).map((g) =>
      `<div class="grp">${esc(g.title)}</div>${g.rows.map((r) => row(r, d, w) + (r.id === d.focus && d.selected ? detail(d.selected, d, w) : "")).join("")}`).join("")}</div>
      <div class="lf">${icon("map")}<span class="clip">${esc(d.foot)}</span></div>`;
    root.querySelector(".groups").scrollTop = scroll;
    if (active) root.querySelector(`[data-id="${CSS.escape(active)}"]`)?.focus({preventScroll: true});
    tick(root, Date.now() / 1000, units, tz);
  };
  root.addEventListener("click", (e) => {
    const item = e.target.closest("[data-id]"), by = e.target.closest("[data-by]");
    if (by) send("by", {by: by.dataset.by});
    else if (item && e.target.closest(".eye")) send("eye", {id: item.dataset.id});
    else if (item) send("focus", {id: item.dataset.id});
  });
  root.addEventListener("keydown", (e) => {
    const item = e.target.closest?.("[data-id]");
    if (!item || e.target.closest("button,input")) return;
    const all = [...root.querySelectorAll("[data-id]")], i = all.indexOf(item);
    if (e.key === "ArrowDown") all[i + 1]?.focus();
    else if (e.key === "ArrowUp") all[i - 1]?.focus();
    else if (e.key === "Enter") send("focus", {id: item.dataset.id});
    else if (e.key === " ") send("eye", {id: item.dataset.id});
    else return;
    e.preventDefault(); e.stopPropagation();
  });
  root.addEventListener("input", (e) => { if (e.target.type === "range") e.target.nextElementSibling.textContent = `${e.target.value}%`; });
  root.addEventListener("change", (e) => { if (e.target.type === "range") send("opacity", {value: Number(e.target.value) / 100}); });
  model.on("msg:custom", (m) => { if ((m.data ?? m).type === "focus") root.querySelector('[aria-selected="true"],[data-id]')?.focus(); });
  const again = bind(model, draw);
  again(); every(model, 1, () => tick(root, Date.now() / 1000, units, tz));
  return root;
}
