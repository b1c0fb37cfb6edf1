const EMBLEM = "M4 22V11l-1.6-1.6L4 8V6.4L12 2l8 4.4V8l1.6 1.4L20 11v11h-5.2v-4.2a2.8 2.8 0 0 0-5.6 0V22zM7.5 11.2h9v2h-9zM12 4.6 7.4 7.2h9.2z";
export function render({model, el}) {
  const root = document.createElement("div");
  root.className = "bar";
  const w = plain(model.words), d0 = plain(model.data);
  root.innerHTML = `<svg width="24" height="24" viewBox="0 0 24 24" aria-hidden="true"><path fill-rule="evenodd" d="${EMBLEM}"/></svg>
    <b class="nm">${esc(w.product)}</b><span class="ct">${esc(d0.city)}</span>
    <div class="sr" role="search">${icon("search")}<input type="search" autocomplete="off" spellcheck="false"
      placeholder="${esc(w.search)}" aria-label="${esc(w.search)}"><kbd>/</kbd><div class="found" role="listbox" hidden></div></div>
    <div class="vw" hidden><button class="vb" aria-haspopup="dialog" aria-expanded="false">${icon("bookmark_border")}<span class="vt"></span></button><form class="views" role="dialog" hidden></form></div>
    <nav class="nav"></nav><a class="lang"></a><b class="clk"></b><span class="dt"></span>`;
  const $ = (s) => root.querySelector(s);
  const input = $("input"), found = $(".found");
  if (d0.search === false) $(".sr").remove(); // a page whose own field takes the key
  const pen = document.createElement("canvas").getContext("2d");
  const hint = () => { // the words that the field has room for
    pen.font = getComputedStyle(input).font;
    input.placeholder = pen.measureText(w.search).width <= input.clientWidth ? w.search : w.search_short;
  };
  new ResizeObserver(hint).observe(input);
  let timer = null, at = -1;
  const close = () => { found.hidden = true; at = -1; };
  const rows = () => [...found.querySelectorAll("[data-i]")];
  const mark = () => rows().forEach((row, i) => row.setAttribute("aria-selected", i === at));
  const pick = (i) => { model.send_msg({type: "pick", index: i}); input.value = ""; close(); input.blur(); };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => input.value.trim().length > 1 ? model.send_msg({type: "search", q: input.value.trim()}) : close(), 160);
  });
  input.addEventListener("keydown", (e) => {
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      at = Math.max(0, Math.min(rows().length - 1, at + (e.key === "ArrowDown" ? 1 : -1))); mark(); e.preventDefault();
    } else if (e.key === "Enter" && rows().length) pick(Math.max(0, at));
    else if (e.key === "Escape") { input.value = ""; close(); input.blur(); }
    e.stopPropagation();
  });
  input.addEventListener("blur", () => setTimeout(close, 150));
  found.addEventListener("pointerdown", (e) => { const row = e.target.closest("[data-i]"); if (row) { e.preventDefault(); pick(Number(row.dataset.i)); } });
  // Views that this browser keeps: a name and the query of the address bar, by city.
  const shelf = `vonglau.views.${d0.city_id ?? ""}`, box = $(".views"), button = $(".vb");
  const kept = () => { try { const v = JSON.parse(localStorage.getItem(shelf) ?? "[]"); return Array.isArray(v) ? v.filter((x) => typeof x?.name === "string" && typeof x?.query === "string") : []; } catch { return []; } };
  const keep = (list) => { try { localStorage.setItem(shelf, JSON.stringify(list)); return true; } catch { return false; } };
  const list = (words) => {
    const views = kept();
    box.innerHTML = `<b>${esc(w.views)}</b><div class="vl">${views.map((v, i) => `<div class="vr"><button type="button" class="vo clip" data-open="${i}">${esc(v.name)}</button><button type="button" class="vd" data-drop="${i}" aria-label="${esc(fill(w.view_drop, {name: v.name}))}" title="${esc(fill(w.view_drop, {name: v.name}))}">${icon("delete_outline")}</button></div>`).join("") || `<p>${esc(w.view_none)}</p>`}</div>
      <div class="vn"><input name="name" maxlength="60" autocomplete="off" placeholder="${esc(w.view_name)}" aria-label="${esc(w.view_name)}"><button type="submit">${esc(w.view_keep)}</button></div><p class="said" role="status"></p>`;
    box.querySelector(".said").textContent = words ?? w.view_where;
  };
  const views = (open) => { box.hidden = !open; button.setAttribute("aria-expanded", open); if (open) { list(); box.querySelector("input").focus(); } };
  $(".vw").hidden = !d0.views; $(".vt").textContent = w.views ?? ""; button.title = `${w.views} (V)`; box.setAttribute("aria-label", w.views);
  button.addEventListener("click", () => views(box.hidden));
  box.addEventListener("submit", (e) => {
    e.preventDefault();
    const name = box.querySelector("input").value.trim(); if (!name) return;
    const q = new URL(location.href).searchParams; q.delete("lang");
    list(keep([...kept().filter((v) => v.name !== name), {name, query: q.toString()}]) ? fill(w.view_kept, {name}) : w.view_failed);
  });
  box.addEventListener("click", (e) => {
    const open = e.target.closest("[data-open]"), drop = e.target.closest("[data-drop]"), all = kept();
    if (open) { const url = new URL(location.href), lang = url.searchParams.get("lang"); url.search = all[open.dataset.open].query; if (lang) url.searchParams.set("lang", lang); location.assign(url); }
    else if (drop) { all.splice(Number(drop.dataset.drop), 1); keep(all); list(); box.querySelector("input").focus(); }
  });
  box.addEventListener("keydown", (e) => { if (e.key === "Escape") { views(false); button.focus(); } e.stopPropagation(); });
  model.on("msg:custom", (m) => { if ((m.data ?? m).type === "views" && d0.views) views(box.hidden); });
  const draw = (d) => {
    $(".nav").innerHTML = (d.nav ?? []).map((n) => n.current ? `<b aria-current="page">${esc(n.label)}</b>`
      : `<a href="${esc(n.href)}">${esc(n.label)}${n.n ? `<i class="badge">${esc(n.n)}</i>` : ""}</a>`).join("");
    if (d.results) {
      found.innerHTML = d.results.length ? d.results.map((r, i) => `<div class="r" role="option" data-i="${i}">${icon(r.icon)}<span
        class="clip">${esc(r.title)}</span><em class="clip">${esc(r.sub)}</em></div>`).join("") : `<div class="none">${esc(w.nothing)}</div>`;
      found.hidden = document.activeElement == null || !input.value; at = -1;
    }
  };
  const time = () => {
    const now = Date.now() / 1000, tz = d0.timezone;
    $(".clk").textContent = clock(now, tz); $(".dt").textContent = date(now, tz);
  };
  const lang = $(".lang");
  lang.textContent = w.other_language; lang.href = "#"; lang.setAttribute("lang", d0.language === "vi" ? "en" : "vi");
  lang.addEventListener("click", (e) => {
    e.preventDefault();
    const url = new URL(location.href); url.searchParams.set("lang", d0.language === "vi" ? "en" : "vi"); location.assign(url);
  });
  const again = bind(model, draw);
  again(); time(); every(model, 1, time);
  return root;
}
