// What belongs to no block: keyboard, the link in the address bar, the list of keys.
export function render({model, el}) {
  const root = document.createElement("div");
  const w = plain(model.words);
  root.innerHTML = `<dialog><h2>${esc(w.title)}</h2><dl>${(w.rows ?? []).map(([k, t]) => `<div><dt><kbd>${esc(k)}</kbd></dt><dd>${esc(t)}</dd></div>`).join("")}</dl>
    <label><input type="checkbox" checked> ${esc(w.letters)}</label><button>${esc(w.close)}</button></dialog>`;
  const dialog = root.querySelector("dialog");
  root.querySelector("button").addEventListener("click", () => dialog.close());
  let letters = true;
  root.querySelector("input").addEventListener("change", (e) => { letters = e.target.checked; });
  const keys = {"+": "zoom_in", "=": "zoom_in", "-": "zoom_out", "−": "zoom_out", ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down"};
  const single = {"/": "search", l: "tree", t: "table", " ": "play", 0: "live", g: "moment", v: "views", f: "full", b: "box", m: "measure", a: "area", e: "export", "[": "previous", "]": "next", "?": "help"};
  const deep = () => { let a = document.activeElement; while (a?.shadowRoot?.activeElement) a = a.shadowRoot.activeElement; return a; };
  const key = (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || dialog.open) return;
    const at = deep(), field = at && (at.matches("input:not([type=range]):not([type=checkbox]),textarea,select") || at.isContentEditable);
    if (field) return;
    if (e.key === "Escape") { model.send_msg({type: "key", key: "clear"}); return; }
    if (e.key === "Enter") { if (!at || at === document.body || at.classList?.contains("bk-events")) model.send_msg({type: "key", key: "detail"}); return; }
    if (e.shiftKey && (e.key === "ArrowLeft" || e.key === "ArrowRight")) { model.send_msg({type: "key", key: e.key === "ArrowLeft" ? "hour_back" : "hour_on"}); e.preventDefault(); return; }
    const onButton = at?.matches?.("button,a,[role=treeitem]") && (e.key === " ");
    const name = keys[e.key] ?? (letters && !onButton ? (plain(model.data)?.singles ?? single)[e.key.toLowerCase?.() ?? e.key] : null);
    if (!name) return;
    e.preventDefault();
    // The field takes the keys at once: what is typed next must not wait for the server.
    const field_of = (r) => { for (const e of r.querySelectorAll("*")) { if (e.matches("input[type=search]")) return e; const f = e.shadowRoot && field_of(e.shadowRoot); if (f) return f; } return null; };
    if (name === "search") field_of(document)?.focus();
    else if (name === "help") dialog.showModal();
    else if (String(name).startsWith("here:")) window.dispatchEvent(new CustomEvent("vonglau-key", {detail: name.slice(5)})); // a block opens a field of its own
    else model.send_msg({type: "key", key: name});
  };
  window.addEventListener("keydown", key);
  model.on("remove", () => window.removeEventListener("keydown", key));
  const link = (d) => {
    if (!d.link) return;
    const url = new URL(location.href), lang = url.searchParams.get("lang");
    url.search = lang ? `${d.link}&lang=${lang === "en" ? "en" : "vi"}` : d.link;
    if (url.href !== location.href) history.replaceState(history.state, "", url);
    if (d.title) document.title = d.title;
  };
  bind(model, link)();
  return root;
}
