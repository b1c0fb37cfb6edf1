export function render({model, el}) {
  const root = document.createElement("aside");
  root.className = "ds";
  let units = {}, tz = "UTC", got = false, shown = "", form = null, was = null, touched = false, acts = false;
  const step = (s, i, w) => `<div class="st ${s.done ? "ok" : ""} ${s.next ? "now" : ""}"><button class="n" ${acts ? "" : "disabled"} data-step="${esc(s.id)}" data-done="${s.done ? 0 : 1}" aria-pressed="${s.done}" aria-label="${esc(fill(s.done ? w.undo_step : w.do_step, {step: s.title}))}">${s.done ? icon("check") : i + 1}</button><div><div class="s1">${esc(s.title)}</div>${s.note ? `<div class="s2">${esc(s.note)}</div>` : ""}</div></div>`;
  const limit = (l, w) => `<li><b>${esc(l.text)}</b><span>${esc(l.law)}${l.believed ? ` (${esc(w.believed)})` : ""}</span></li>`;
  const forms = {
    assign: (d, w) => `<label>${esc(w.agency)}<select name="agency">${d.agencies.map((a) => `<option value="${esc(a.id)}">${esc(a.title)}</option>`).join("")}</select></label><label>${esc(w.note)}<input name="note" maxlength="2000"></label>`,
    snooze: (d, w) => `<label>${esc(w.hours)}<select name="hours">${[0.5, 1, 2, 4, 8, 24].map((h) => `<option value="${h}" ${h === 1 ? "selected" : ""}>${h < 1 ? esc(fill(units.minutes, {n: h * 60})) : esc(fill(units.hours_whole, {h}))}</option>`).join("")}</select></label><label>${esc(w.reason)}<input name="reason" maxlength="2000" required></label>`,
    close: (d, w) => `<label>${esc(w.reason)}<select name="reason">${(w.reasons ?? []).map((r) => `<option>${esc(r)}</option>`).join("")}</select></label>`,
  };
  const text = (d, w) => `<div class="body"><div class="sev l${d.level}">${d.svg}<div><div class="b1">${esc(d.head)}</div><div class="b2">${esc(fill(w.noticed, {time: d.noticed}))}, ${d.new ? `${esc(w.nobody)} <b data-t="${d.t}"></b>` : esc(fill(w.known, {who: d.who}))}</div></div></div>
    ${d.unknown ? `<p class="unk">${esc(d.unknown)}</p>` : ""}
    <div class="cd"><span>${esc(w.lasts)}</span><b data-t="${d.since}"></b><em>${esc(fill(w.since, {time: d.opened}))}${d.confidence ? `, ${esc(fill(w.confidence, {share: d.confidence}))}` : ""}</em></div>
    <div class="kvs">${d.facts.map((f) => `<div><span>${esc(f.label)}</span><b>${esc(f.value)}</b></div>`).join("")}</div>
    ${d.steps.rows ? `<div class="sec">${esc(d.steps.title)}</div>${d.steps.rows.map((s, i) => step(s, i, w)).join("")}<p class="basis">${esc(d.steps.basis)}</p>` : ""}</div>
    ${!d.acts ? `<p class="look">${esc(w.look_only)}</p>` : form ? `<form class="ask" data-form="${form}">${forms[form](d, w)}<div><button class="btn pri" type="submit">${esc(w[form])}</button><button class="btn" type="button" data-cancel>${esc(w.cancel)}</button></div></form>` : `<div class="act">
      ${d.new ? `<button class="btn pri" data-act="acknowledge">${icon("check")}${esc(w.acknowledge)}<kbd>X</kbd></button>` : `<button class="btn pri" data-open="close">${icon("task_alt")}${esc(w.close)}<kbd>D</kbd></button>`}
      <button class="btn" data-open="assign">${icon("assignment")}${esc(w.assign)}<kbd>G</kbd></button>
      ${d.asleep ? `<button class="btn" data-act="wake">${icon("alarm")}${esc(w.wake)}</button>` : `<button class="btn" data-open="snooze">${icon("schedule")}${esc(w.snooze)}<kbd>H</kbd></button>`}
      ${d.wall ? `<button class="btn" data-act="release_wall">${icon("tv_off")}${esc(w.release_wall)}</button>` : ""}</div>`}
    <details class="rule"><summary>${esc(d.rule.line)}${icon("expand_less")}</summary><p>${esc(d.rule.definition)}</p>${d.rule.limits.length ? `<ul>${d.rule.limits.map((l) => limit(l, w)).join("")}</ul>` : ""}</details>`;
  const draw = (d, w) => {
    units = w.age ?? {}; tz = d.timezone ?? "UTC"; got = !!d.drawn; acts = !!d.acts;
    if (!d.id) { root.innerHTML = shown = ""; return; }
    if (d.id !== was) { if (touched) form = null; touched = false; was = d.id; shown = ""; } // a form that was opened a moment ago is for this one
    const next = text(d, w);
    if (next !== shown) {
      const top = root.querySelector(".body")?.scrollTop ?? 0, open = root.querySelector("details")?.open, held = [...root.querySelectorAll(".ask [name]")].map((f) => [f.name, f.value]);
      root.innerHTML = shown = next;
      root.querySelector(".body").scrollTop = top; if (open) root.querySelector("details").open = true;
      for (const [name, value] of held) { const f = root.querySelector(`.ask [name=${name}]`); if (f) f.value = value; }
    }
    tick(root, Date.now() / 1000, units, tz);
  };
  const again = bind(model, draw);
  const act = (what, detail = {}) => model.send_msg({type: "act", what, detail, id: was});
  const open = (name) => { form = name; touched = false; shown = ""; again(); root.querySelector(".ask [name]")?.focus(); };
  root.addEventListener("click", (e) => {
    const b = e.target.closest("button");
    if (!b || !acts) return;
    if (b.dataset.act) act(b.dataset.act);
    else if (b.dataset.open) open(b.dataset.open);
    else if (b.dataset.step) act("step", {step: b.dataset.step, done: b.dataset.done === "1"});
    else if ("cancel" in b.dataset) open(null);
  });
  root.addEventListener("input", () => { touched = true; });
  root.addEventListener("submit", (e) => {
    e.preventDefault();
    act(form, Object.fromEntries(new FormData(e.target))); open(null);
  });
  root.addEventListener("keydown", (e) => { if (e.key === "Escape" && form) { open(null); e.stopPropagation(); } });
  const press = (e) => { if (forms[e.detail] && was != null && acts) open(e.detail); };
  window.addEventListener("vonglau-key", press); model.on("remove", () => window.removeEventListener("vonglau-key", press));
  again(); every(model, 1, () => tick(root, Date.now() / 1000, units, tz));
  asking(model, again, () => got);
  return root;
}
