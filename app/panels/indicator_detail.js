export function render({model, el}) {
  const root = document.createElement("aside");
  root.className = "dt";
  let was = null, shown = "", got = false, open = false;
  const kv = (r) => `<div class="kv"><span>${esc(r.label)}</span><b>${esc(r.value)}</b></div>`;
  const law = (r) => `<div class="lw"><b>${esc(r.ref)}</b>${r.about ? `<p>${esc(r.about)}</p>` : ""}${r.since || r.doubt ? `<i>${esc([r.since, r.doubt].filter(Boolean).join(" · "))}</i>` : ""}</div>`;
  const section = (title, body) => body ? `<div class="sec"><h3>${esc(title)}</h3>${body}</div>` : "";
  const line = (label, text, w) => `<div class="cmd"><span>${esc(label)}</span><div><code>${esc(text)}</code><button class="ib copy" data-line="${esc(text)}" aria-label="${esc(w.copy)}" title="${esc(w.copy)}">${icon("content_copy")}</button></div></div>`;
  const text = (d, w) => `<h2>${esc(d.title)}</h2><div class="rs">${esc(d.sub)}</div>
      <div class="due ${esc(d.state)} l${d.level ?? 0}">${d.svg ?? ""}<div><div class="dv">${esc(d.value)}${d.unit ? `<em>${esc(d.unit)}</em>` : ""}</div><div class="ds">${esc([d.word, d.simulated].filter(Boolean).join(" · "))}</div></div></div>
      ${d.error ? `<p class="broken">${esc(d.error)}</p>` : ""}<p class="def">${esc(d.definition)}</p>
      ${section(w.rests, d.facts.map(kv).join(""))}${section(w.parts, d.parts.map(kv).join(""))}${section(w.left, d.left.map(kv).join(""))}
      ${section(w.target, d.targets.map(law).join(""))}${section(w.law, d.laws.map(law).join(""))}
      ${section(w.past, d.past.map((p) => `<div class="kv"><span>${esc(`${date(p.t, d.timezone)} ${clock(p.t, d.timezone)}`)}</span><b>${esc(p.value)}</b><em>n = ${esc(p.n)}</em></div>`).join(""))}
      <div class="sec"><details ${open ? "open" : ""}><summary>${icon("chevron_right")}${esc(w.query)}<i>${esc(d.id)} · ${esc(d.version)}</i></summary><pre tabindex="0">${esc(d.query)}</pre></details>
      ${line(w.command, d.command, w)}${line(w.notebook, d.notebook, w)}</div>`;
  const draw = (d, w) => {
    got = !!d.drawn;
    if (!d.id) { root.innerHTML = ""; was = null; shown = ""; return; }
    if (d.id !== was || !root.firstChild) {
      was = d.id; shown = "";
      root.innerHTML = `<div class="rh"><span class="kd"></span><span class="grow"></span><button class="ib close" aria-label="${esc(w.close)}" title="${esc(w.close)}">${icon("close")}</button></div><div class="body"></div>`;
    }
    root.querySelector(".kd").innerHTML = `${icon(d.icon)}${esc(d.kind)}`;
    const body = root.querySelector(".body"), next = text(d, w);
    if (next !== shown) { const top = body.scrollTop; body.innerHTML = shown = next; body.scrollTop = top; }
  };
  root.addEventListener("toggle", (e) => { if (e.target.matches?.("details")) open = e.target.open; }, true);
  root.addEventListener("click", (e) => {
    const copy = e.target.closest(".copy"), w = plain(model.words);
    if (e.target.closest(".close")) model.send_msg({type: "close"});
    else if (copy) {
      const line = copy.dataset.line, say = (words, name) => (b) => { b.innerHTML = icon(name); b.title = words; };
      copied(line).then(() => awhile(() => root.querySelector(`.copy[data-line="${CSS.escape(line)}"]`), say(w.copied, "check"), say(w.copy, "content_copy")), () => {});
    }
  });
  const again = bind(model, draw);
  again(); asking(model, again, () => got);
  return root;
}
