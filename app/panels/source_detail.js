export function render({model, el}) {
  const root = document.createElement("aside");
  root.className = "dt";
  let units = {}, tz = "UTC", open = new Set(), was = null, shown = "", got = false;
  const kv = (r) => `<div class="kv"><span>${esc(r.label)}</span><b>${esc(r.value)}</b></div>`;
  const fault = (f) => `<div class="kv fault"><span>${esc(f.span)}</span><b>${esc(f.why)}</b><em>${esc(f.long)}</em></div>`;
  const refused = (r) => r.payload == null ? `<details><summary class="flat">${esc(r.word)}${r.word === r.reason ? "" : `<code>${esc(r.reason)}</code>`}<b>${esc(r.n)}</b></summary></details>`
    : `<details data-reason="${esc(r.reason)}" ${open.has(r.reason) ? "open" : ""}><summary>${icon("chevron_right")}${esc(r.word)}${r.word === r.reason ? "" : `<code>${esc(r.reason)}</code>`}<b>${esc(r.n)}</b></summary>
      <div class="smp"><p>${esc(r.detail)}</p>${esc([r.time, r.size, r.note].filter(Boolean).join(" · "))}${r.payload ? `<pre tabindex="0">${esc(r.payload)}</pre>` : ""}</div></details>`;
  const command = (c, w) => `<div class="cmd"><span>${esc(c.label)}</span><div><code>${c.line.split(" ").map((t) => t.length < 40 ? `<i>${esc(t)}</i>` : esc(t)).join(" ")}</code><button class="ib copy" data-line="${esc(c.line)}" aria-label="${esc(w.copy)}" title="${esc(w.copy)}">${icon("content_copy")}</button></div></div>`;
  const section = (title, body) => `<div class="sec"><h3>${esc(title)}</h3>${body}</div>`;
  const text = (d, w) => {
    const v = d.verdict;
    return `<h2>${esc(d.title)}</h2><div class="rs">${esc(d.sub)}</div>
      <div class="due ${esc(d.state)}">${v.svg}<div><div class="dv">${esc(v.head)}${v.t == null ? "" : `<em data-t="${v.t}"></em>`}</div><div class="ds">${esc(v.why)}</div>${v.works ? `<div class="ds works">${esc(v.works)}</div>` : ""}</div></div>
      ${d.broken ? `<p class="broken">${esc(d.broken)}</p>` : ""}${d.raw ? `<p class="raw">${esc(w.raw)}: ${esc(d.raw)}</p>` : ""}
      <div class="nb">${d.numbers.map((n) => `<div><span>${esc(n.label)}</span><b>${esc(n.value)}</b><i>${esc(n.note)}</i></div>`).join("")}</div>
      ${d.depends.length ? section(w.depends, `<p class="dep">${esc(d.depends.join(", "))}</p>`) : ""}
      ${d.faults ? section(w.faults, d.faults.length ? d.faults.map(fault).join("") : `<p class="none">${esc(w.no_fault)}</p>`) : ""}
      ${d.facts.length ? section(w.whose, d.facts.map(kv).join("")) : ""}
      ${d.rejected.length ? section(w.rejected, (d.private ? `<p class="none">${esc(w.private)}</p>` : "") + d.rejected.map(refused).join("")) : d.facts.length ? section(w.rejected, `<p class="none">${esc(w.no_rejected)}</p>`) : ""}
      ${d.commands.length ? section(w.commands, d.commands.map((c) => command(c, w)).join("")) : ""}`;
  };
  const draw = (d, w) => {
    units = w.age ?? {}; tz = d.timezone ?? "UTC"; got = !!d.drawn;
    if (!d.id) { root.innerHTML = ""; was = null; shown = ""; return; }
    if (d.id !== was || !root.firstChild) {
      open = new Set(); was = d.id; shown = "";
      root.innerHTML = `<div class="rh"><span class="kd"></span><span class="grow"></span><button class="ib close" aria-label="${esc(w.close)}" title="${esc(w.close)}">${icon("close")}</button></div><div class="body"></div>`;
    }
    root.querySelector(".kd").innerHTML = d.kind ? `${icon(d.icon)}${esc(d.kind)}` : "";
    const body = root.querySelector(".body"), next = d.gone ? `<p class="none">${esc(d.gone)}</p>` : text(d, w);
    if (next !== shown) { const top = body.scrollTop; body.innerHTML = shown = next; body.scrollTop = top; }
    tick(root, Date.now() / 1000, units, tz);
  };
  root.addEventListener("toggle", (e) => { const r = e.target.dataset?.reason; if (r) e.target.open ? open.add(r) : open.delete(r); }, true);
  root.addEventListener("click", (e) => {
    const copy = e.target.closest(".copy");
    if (e.target.closest("summary.flat")) e.preventDefault();
    if (e.target.closest(".close")) model.send_msg({type: "close"});
    else if (copy) {
      const w = plain(model.words), line = copy.dataset.line;
      const say = (t, name) => (b) => { b.title = t; b.setAttribute("aria-label", t); b.innerHTML = icon(name); };
      copied(line).then(() => awhile(() => root.querySelector(`.copy[data-line="${CSS.escape(line)}"]`), say(w.copied, "check"), say(w.copy, "content_copy")), () => {
        const range = document.createRange(); // selected, to be copied by hand
        range.selectNodeContents(copy.parentElement.querySelector("code")); getSelection().removeAllRanges(); getSelection().addRange(range);
      });
    }
  });
  const again = bind(model, draw);
  again(); every(model, 1, () => tick(root, Date.now() / 1000, units, tz));
  asking(model, again, () => got);
  return root;
}
