const ROW = 32;
export function render({model, el}) {
  const root = document.createElement("div");
  root.className = "tb";
  root.innerHTML = `<div class="tbh"><b class="clip"></b><span class="cnt"></span><span class="note clip"></span><span class="grow"></span>
    <button class="ib csv">${icon("download")}</button><button class="ib fold">${icon("expand_more")}</button></div>
    <div class="scroll" tabindex="0"><table><thead></thead><tbody></tbody></table><p class="none" hidden></p></div>`;
  const $ = (s) => root.querySelector(s), box = $(".scroll");
  let d = {}, w = {}, sort = null, order = [], folded = false;
  const collator = new Intl.Collator("vi", {numeric: true});
  const arrange = () => {
    order = [...(d.rows ?? []).keys()];
    if (sort && d.rows) order.sort((a, b) => sort.way * collator.compare(d.rows[a].cells[sort.at] ?? "", d.rows[b].cells[sort.at] ?? ""));
  };
  const cell = (row, i) => {
    const c = d.columns[i], text = row.cells[i] ?? "";
    const glyph = i === d.state_column && row.level ? `<span class="lv">${row.svg ?? ""}</span>` : "";
    return `<td class="${c.align === "right" ? "r " : ""}${i === 0 ? "id " : ""}${i === d.state_column ? row.state === "unknown" ? "unknown" : row.level ? `l${row.level}` : "" : ""}">${glyph}${esc(text)}</td>`;
  };
  const body = () => {
    const from = Math.max(0, Math.floor(box.scrollTop / ROW) - 4), to = Math.min(order.length, from + Math.ceil(box.clientHeight / ROW) + 8);
    const pad = (n) => n > 0 ? `<tr class="pad" style="height:${n * ROW}px"><td colspan="${d.columns?.length ?? 1}"></td></tr>` : "";
    $("tbody").innerHTML = pad(from) + order.slice(from, to).map((k) => { const row = d.rows[k];
      return `<tr data-id="${esc(row.id)}" class="${row.id === d.selected ? "on" : ""}" aria-selected="${row.id === d.selected}">${d.columns.map((_, i) => cell(row, i)).join("")}</tr>`; }).join("") + pad(order.length - to);
  };
  const draw = () => {
    $(".tbh b").textContent = d.title ?? "";
    $(".cnt").textContent = d.rows ? fill(w.count, {shown: number(d.in_view, d.language), total: number(d.total, d.language)}) : "";
    $(".note").textContent = d.note ?? "";
    $("thead").innerHTML = d.columns?.length ? `<tr>${d.columns.map((c, i) => `<th class="${c.align === "right" ? "r" : ""}" aria-sort="${sort?.at === i ? sort.way > 0 ? "ascending" : "descending" : "none"}"><button data-sort="${i}">${esc(c.title)}${sort?.at === i ? icon(sort.way > 0 ? "arrow_drop_up" : "arrow_drop_down") : ""}</button></th>`).join("")}</tr>` : "";
    $(".none").hidden = !!d.rows?.length; $(".none").textContent = d.empty ?? "";
    for (const [cls, label] of [[".csv", w.export], [".fold", w.fold]]) { $(cls).setAttribute("aria-label", label); $(cls).title = label; }
    $(".csv").disabled = !d.rows?.length;
    arrange(); body();
  };
  const show = () => {
    const i = order.findIndex((k) => d.rows[k].id === d.selected);
    if (i >= 0 && (i * ROW < box.scrollTop || (i + 2) * ROW > box.scrollTop + box.clientHeight)) box.scrollTop = Math.max(0, (i - 1) * ROW);
  };
  const csv = () => {
    const quote = (s) => /[",\n\r]/.test(s) ? `"${s.replace(/"/g, '""')}"` : s;
    // A leading =, +, -, @ would be run as a formula by a spreadsheet.
    const safe = (s) => quote(/^[=+@\t]|^-(?![\d−])/.test(String(s ?? "")) ? `'${s}` : String(s ?? ""));
    const lines = [["id", ...d.columns.map((c) => c.title)], ...order.map((k) => [d.rows[k].id, ...d.rows[k].cells])].map((r) => r.map(safe).join(","));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\uFEFF" + lines.join("\r\n")], {type: "text/csv;charset=utf-8"}));
    link.download = `${d.service}.csv`; link.click(); setTimeout(() => URL.revokeObjectURL(link.href), 5000);
  };
  root.addEventListener("click", (e) => {
    const th = e.target.closest("[data-sort]"), tr = e.target.closest("tr[data-id]");
    if (th) { const at = Number(th.dataset.sort); sort = sort?.at === at ? sort.way > 0 ? {at, way: -1} : null : {at, way: 1}; draw(); }
    else if (tr) model.send_msg({type: "pick", id: tr.dataset.id});
    else if (e.target.closest(".csv")) csv();
    else if (e.target.closest(".fold")) model.send_msg({type: "fold"});
  });
  box.addEventListener("scroll", body);
  const next = (by) => {
    const i = order.findIndex((k) => d.rows[k].id === d.selected), k = order[Math.max(0, Math.min(order.length - 1, i + by))];
    if (k !== undefined) model.send_msg({type: "pick", id: d.rows[k].id});
  };
  box.addEventListener("keydown", (e) => {
    if (e.key === "ArrowDown" || e.key === "ArrowUp") { next(e.key === "ArrowDown" ? 1 : -1); e.preventDefault(); e.stopPropagation(); }
  });
  model.on("msg:custom", (m) => { const data = m.data ?? m; if (data.type === "focus") box.focus(); if (data.type === "next") next(data.by); });
  const watch = new ResizeObserver(body); watch.observe(box); model.on("remove", () => watch.disconnect());
  const again = bind(model, (data, words) => { const was = d.selected; d = data; w = words; draw(); if (d.selected !== was) show(); });
  again();
  return root;
}
