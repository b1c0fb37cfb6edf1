const EMBLEM = "M4 22V11l-1.6-1.6L4 8V6.4L12 2l8 4.4V8l1.6 1.4L20 11v11h-5.2v-4.2a2.8 2.8 0 0 0-5.6 0V22zM7.5 11.2h9v2h-9zM12 4.6 7.4 7.2h9.2z";
export function render({model, el}) {
  const root = document.createElement("div");
  root.className = "hd";
  let d = {}, w = {};
  const time = () => {
    const now = Date.now() / 1000, day = Number.parseInt(zoned(now, d.timezone, {day: "numeric"}), 10);
    const weekday = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"].indexOf(zoned(now, d.timezone, {weekday: "short"}));
    root.querySelector(".dt").textContent = `${w.weekdays[weekday]}, ${date(now, d.timezone)}`; root.querySelector(".ck").textContent = clock(now, d.timezone);
    root.dataset.day = day;
  };
  const calm = () => `<svg viewBox="0 0 24 24" aria-hidden="true"><path fill-rule="evenodd" d="${EMBLEM}"/></svg><b class="c">${esc(d.city)}</b>
      <div class="pg">${(d.scenes ?? []).map((s) => s.current ? `<b aria-current="page">${esc(s.title)}</b>` : `<span class="${s.ready ? "" : "off"}">${esc(s.title)}</span>`).join("")}</div>
      <i class="grow"></i>${d.weather?.length ? `<span class="wx clip"></span>` : ""}${d.simulated ? `<span class="sim">${esc(w.simulated)}</span>` : ""}<span class="dt"></span><b class="ck"></b>`;
  const taken = (a) => `<div class="blk">${a.svg}<b>${a.level}</b></div><div class="say"><div class="ti clip" data-v="${esc(JSON.stringify(a.titles))}"></div><div class="se clip" data-v="${esc(JSON.stringify(a.sentences))}"></div></div>
      <div class="when"><span class="dt"></span><b class="ck"></b>${d.simulated ? `<span class="sim">${esc(w.simulated)}</span>` : ""}</div>`;
  const draw = (data, words) => {
    d = data; w = words;
    root.className = d.alert ? `hd alert a${d.alert.level}` : "hd";
    root.setAttribute("role", d.alert ? "alert" : "banner");
    root.innerHTML = d.alert ? taken(d.alert) : calm();
    time(); fit();
  };
  // The weather takes the room that is left, in the longest wording that fits whole; without room it goes.
  const fit = () => {
    const wx = root.querySelector(".wx");
    if (wx) {
      wx.hidden = false;
      const left = () => root.scrollWidth <= root.clientWidth + 1;
      wx.hidden = !d.weather.some((text) => { wx.textContent = text; return left(); });
    }
    whole(root);
  };
  bind(model, draw)(); measured(model, root, fit); every(model, 1, time);
  return root;
}
