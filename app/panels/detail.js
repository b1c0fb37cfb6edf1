export function render({model, el}) {
  const root = document.createElement("aside");
  root.className = "dt";
  let units = {}, tz = "UTC";
  const clockCard = (c) => `<div class="due">${c.svg ?? ""}<div><div class="dl ${c.state === "unknown" ? "unknown" : c.level ? `l${c.level}` : ""}">${esc(c.label)}</div>
    <div class="dv">${esc(c.value)}${c.unit ? `<span> ${esc(c.unit)}</span>` : ""}</div><div class="ds">${esc(c.note)}</div></div></div>`;
  const life = (rows) => `<div class="life">${rows.map((r) => `<div class="tl"><i class="${r.state}"></i><span class="tt">${esc(r.time)}</span><span class="${r.state === "cur" ? "now" : r.state === "next" ? "next" : ""}">${esc(r.text)}</span></div>`).join("")}</div>`;
  const facts = (rows) => rows.map((r) => `<div class="kv"><span>${esc(r.label)}</span><b>${esc(r.value)}</b></div>`).join("");
  const around = (rows, w) => rows.map((r) => `<button class="kv near" data-service="${esc(r.service)}" data-id="${esc(r.id)}"><span class="two">${esc(r.title)}</span><b>${esc(r.value)}</b><em>${esc(r.note)}</em></button>`).join("");
  const picture = (p, name, w) => `<figure class="pic"><img src="${esc(p.url)}" alt="${esc(fill(w.picture_of, {name}))}"><figcaption>${esc(name)}<i data-t="${p.t}"></i></figcaption></figure>`;
  const cameras = (rows, w) => rows.length ? `<div class="cams">${rows.map((c) => `<button class="cam near" data-service="cameras" data-id="${esc(c.id)}">${c.url ? `<img src="${esc(c.url)}" alt="${esc(fill(w.picture_of, {name: c.title}))}">` : `<span class="nopic">${icon("videocam_off")}${esc(w.no_picture)}</span>`}
    <span class="ct"><span class="clip">${esc(c.title)}</span>${c.t == null ? "" : `<i data-t="${c.t}"></i>`}</span><em class="clip">${esc(c.note)}</em></button>`).join("")}</div>` : `<p class="none">${esc(w.no_camera)}</p>`;
  const choices = (rows, w) => `<div class="sec"><h3>${esc(w.choices)}</h3>${rows.map((c) => `<button class="kv near prop${c.on ? " on" : ""}" data-property="${esc(c.id)}" aria-pressed="${c.on}"><span>${esc(c.title)}</span><b>${esc(c.value)}</b></button>`).join("")}</div>`;
  const draw = (d, w) => {
    const at = root.getRootNode().activeElement, keep = at?.dataset.property ?? null, scroll = root.dataset.of === d.title + d.sub ? root.querySelector(".body")?.scrollTop ?? 0 : 0;
    root.dataset.of = d.title + d.sub;
    units = w.age ?? {}; tz = d.timezone;
    if (!d.title) { root.innerHTML = ""; return; }
    root.innerHTML = `<div class="rh"><span class="kd">${icon(d.icon)}${esc(d.kind)}</span><span class="grow"></span>
      <button class="ib goto" aria-label="${esc(w.goto)}" title="${esc(w.goto)}">${icon("my_location")}</button>
      <button class="ib close" aria-label="${esc(w.close)}" title="${esc(w.close)}">${icon("close")}</button></div>
      <div class="body"><h2 class="rt">${esc(d.title)}</h2><div class="rs">${esc(d.sub)}</div>
      ${d.clock ? clockCard(d.clock) : ""}
      ${d.also?.length ? `<div class="sec first"><h3>${esc(d.also_title || w.also)}</h3>${around(d.also, w)}${d.also_more ? `<p>${esc(d.also_more)}</p>` : ""}${d.also.length > 1 ? `<button class="btn" data-do="near">${icon("zoom_in_map")}<span>${esc(w.near_all)}</span></button>` : ""}</div>` : ""}
      ${d.picture ? picture(d.picture, d.title, w) : ""}
      ${d.chart ? `<div class="chart"><h3>${esc(d.chart_title)}</h3>${d.chart}${d.chart_limits?.length ? `<p class="lim">${d.chart_limits.map((l) => `<span class="${l.level ? `l${l.level}` : ""}">${esc(l.title)} ${esc(l.value)}</span>`).join("")}</p>` : ""}<p>${esc(d.chart_note)}</p></div>` : ""}
      ${d.life?.length ? life(d.life) : ""}
      ${d.facts?.length ? `<div class="sec first">${facts(d.facts)}</div>` : ""}
      ${d.choices?.length ? choices(d.choices, w) : ""}
      ${d.history?.length ? `<div class="sec"><h3>${esc(w.history)}</h3>${life(d.history)}</div>` : ""}
      ${d.cameras ? `<div class="sec"><h3>${esc(w.cameras)} <b>${d.cameras.length}</b></h3>${cameras(d.cameras, w)}</div>` : ""}
      ${d.around ? `<div class="sec"><h3>${esc(d.around_title)}</h3>${d.around.length ? around(d.around, w) : `<p class="none">${esc(w.nothing_near)}</p>`}</div>` : ""}
      ${d.privacy ? `<div class="prv">${icon("visibility_off")}<span>${esc(d.privacy)}</span></div>` : ""}</div>
      <div class="act"><button class="btn copy">${icon("link")}<span>${esc(w.link)}</span></button></div>
      <div class="src">${d.how ? `<div class="kv"><span>${esc(w.how)}</span><b>${esc(d.how)}</b></div>` : ""}${d.source.map((s) => `<div class="kv"><span>${esc(s.label)}</span><b>${esc(s.value)}</b>${s.t == null ? "" : `<em><i data-t="${s.t}"></i></em>`}</div>`).join("")}</div>`;
    root.querySelector(".body").scrollTop = scroll;
    if (keep) root.querySelector(`[data-property="${CSS.escape(keep)}"]`)?.focus({preventScroll: true});
    tick(root, Date.now() / 1000, units, tz);
  };
  root.addEventListener("error", (e) => { // a picture that is gone is said to be gone
    if (e.target.tagName === "IMG") { const s = document.createElement("span"); s.className = "nopic"; s.textContent = plain(model.words).no_picture; e.target.replaceWith(s); }
  }, true);
  root.addEventListener("click", (e) => {
    const near = e.target.closest(".near");
    if (near?.dataset.property) model.send_msg({type: "property", id: near.dataset.property});
    else if (near) model.send_msg({type: "pick", service: near.dataset.service, id: near.dataset.id});
    else if (e.target.closest(".close")) model.send_msg({type: "close"});
    else if (e.target.closest("[data-do=near]")) model.send_msg({type: "near"});
    else if (e.target.closest(".goto")) model.send_msg({type: "goto"});
    else if (e.target.closest(".copy")) {
      const w = plain(model.words), say = (words) => (label) => { label.textContent = words; };
      const said = (words) => awhile(() => root.querySelector(".copy span"), say(words), say(w.link));
      copied(location.href).then(() => said(w.copied), () => said(w.in_address));
    }
  });
  const again = bind(model, draw);
  again(); every(model, 1, () => tick(root, Date.now() / 1000, units, tz));
  return root;
}
