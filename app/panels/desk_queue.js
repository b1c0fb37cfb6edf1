export function render({model, el}) {
  const root = document.createElement("section");
  root.className = "dq";
  let units = {}, tz = "UTC", got = false, shown = "", chosen = null;
  const item = (r, d) => `<button class="q ${r.unknown ? "unknown" : `l${r.level}`} ${r.id === d.selected ? "sel" : ""} ${r.new ? "new" : ""}" data-id="${r.id}" aria-current="${r.id === d.selected}">
    <span class="g">${r.svg}</span><span class="qx"><b class="qt">${esc(r.title)}</b><span class="qs">${esc(r.sub)}</span>
    <span class="qw">${r.new ? "<i></i>" : icon("check")}<span>${esc(r.state)}</span></span></span><span class="qa" data-t="${r.t}"></span></button>`;
  const chip = (id, d, label, n) => `<button class="chip ${d.which === id ? "on" : ""}" data-which="${id}" aria-pressed="${d.which === id}">${esc(label)}${n == null ? "" : ` ${n}`}</button>`;
  const list = (d, w) => d.rows.length ? d.rows.map((r) => item(r, d)).join("")
    : `<p class="none">${esc(!d.read ? w.reading : d.which !== "all" ? w.none : d.blind ? w.blind : w.calm)}</p>`;
  const text = (d, w) => `<header><h1>${esc(w.title)}</h1><span class="cnt">${d.read ? esc(fill(w.count, {n: d.n})) : ""}</span><span class="grow"></span>
      ${chip("all", d, w.all)}${chip("new", d, w.new, d.new)}${chip("mine", d, w.mine, d.mine)}</header>
    ${d.away ? `<p class="away">${esc(d.away)}</p>` : ""}
    <div class="scroll"><div class="rows">${list(d, w)}</div>
      ${d.asleep.length ? `<details><summary>${icon("chevron_right")}${esc(fill(w.asleep, {n: d.asleep.length}))}</summary>${d.asleep.map((r) => item(r, d)).join("")}</details>` : ""}
      <div class="cl">${esc(w.ended)} <b>${d.n_ended}</b></div>${d.ended.map((r) => `<div class="dn"><span>${esc(r.time)}</span><p>${esc(r.text)}</p></div>`).join("")}</div>
    ${!d.acts ? "" : `<form class="ho"><input name="text" maxlength="2000" autocomplete="off" placeholder="${esc(w.handover)}" aria-label="${esc(w.handover)}"><button aria-label="${esc(w.keep)}" title="${esc(w.keep)}">${icon("send")}</button></form>`}
    <footer>${d.figures.map((f) => `<div><b>${esc(f.value)}</b><span>${esc(f.label)}</span></div>`).join("")}</footer>`;
  const say = document.createElement("div");
  say.className = "said"; say.setAttribute("role", "status");
  const draw = (d, w) => {
    units = w.age ?? {}; tz = d.timezone ?? "UTC"; got = !!d.drawn;
    if (!d.rows) return;
    const next = text(d, w);
    if (next !== shown) {
      const top = root.querySelector(".scroll")?.scrollTop ?? 0, open = root.querySelector("details")?.open, field = root.querySelector(".ho input"), typed = field?.value ?? "", at = root.getRootNode().activeElement === field && field;
      root.innerHTML = shown = next; root.append(say);
      root.querySelector(".scroll").scrollTop = top; if (open) root.querySelector("details")?.setAttribute("open", "");
      if (d.selected !== chosen) { chosen = d.selected; root.querySelector(".q.sel")?.scrollIntoView({block: "nearest"}); }
      const again = root.querySelector(".ho input"); if (again) { again.value = typed; if (at) again.focus(); }
    }
    tick(root, Date.now() / 1000, units, tz);
  };
  root.addEventListener("click", (e) => {
    const q = e.target.closest("[data-id]"), c = e.target.closest("[data-which]");
    if (q) model.send_msg({type: "pick", id: Number(q.dataset.id)});
    if (c) model.send_msg({type: "which", which: c.dataset.which});
  });
  root.addEventListener("submit", (e) => {
    e.preventDefault();
    const field = root.querySelector(".ho input");
    if (field.value.trim()) { model.send_msg({type: "handover", text: field.value.trim()}); field.value = ""; }
  });
  model.on("msg:custom", (m) => { const data = m.data ?? m; if (data.type === "say") { say.textContent = data.text; setTimeout(() => { if (say.textContent === data.text) say.textContent = ""; }, 8000); } });
  const again = bind(model, draw);
  again(); every(model, 1, () => tick(root, Date.now() / 1000, units, tz));
  asking(model, again, () => got);
  return root;
}
