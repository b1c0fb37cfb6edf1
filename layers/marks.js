// The painter of the custom Bokeh marker. SHAPES, TINT, ANCHOR, SEV, LEVEL_SHAPE, LABEL and C (colours) stand above,
// written by layers/marks.py. layers/drawing.py draws the same in SVG and Agg: change both, the test compares them.
const P = {}; for (const name in SHAPES) P[name] = new Path2D(SHAPES[name]);
const TAU = 2 * Math.PI, FONT = "Roboto, 'Noto Sans', sans-serif", CAP = 0.3555;
const HOLLOW = { late: [1.8, []], silent: [3, []], maintenance: [1.8, []], planned: [1.5, [1.5, 2.5]] };

function look(m) {                                       // width, colour, dash of a hollow state; null when solid
  if (m.state == "unknown") return [1.8, C.unknown, m.small ? [3, 2] : [4, 3]];
  const h = HOLLOW[m.state]; if (!h) return null;
  return [h[0], m.state == "maintenance" ? C.maintenance : m.state == "planned" ? C.off : m.main, h[1]];
}
function stroke(ctx, p, color, width, dash = []) {
  ctx.strokeStyle = color; ctx.lineWidth = width; ctx.setLineDash(dash); ctx.lineCap = dash.length ? "butt" : "round";
  ctx.lineJoin = "round"; p ? ctx.stroke(p) : ctx.stroke();
}
function halo(ctx, p, width = 0) { stroke(ctx, p, C.bg, 3 + width) }
function fill(ctx, p, color) { ctx.fillStyle = color; p ? ctx.fill(p) : ctx.fill() }
function body(ctx, p, m) {
  const l = look(m); halo(ctx, p, l ? l[0] : 0); fill(ctx, p, l ? C.ground : m.main);
  if (l) stroke(ctx, p, l[1], l[0], l[2]);
}
function write(ctx, words, x, y, size, weight, color, o = {}) {
  ctx.font = `${o.italic ? "italic " : ""}${weight} ${size}px ${FONT}`; ctx.textAlign = o.align ?? "center";
  ctx.textBaseline = "alphabetic"; ctx.letterSpacing = `${o.tracking ?? 0}px`;
  if (o.halo) { ctx.lineJoin = "round"; ctx.setLineDash([]); ctx.lineWidth = 0.32 * size; ctx.strokeStyle = C.bg + "D9"; ctx.strokeText(words, x, y + CAP * size) }
  ctx.fillStyle = color; ctx.fillText(words, x, y + CAP * size); ctx.letterSpacing = "0px";
}
function measure(ctx, words, size, weight) { ctx.font = `${weight} ${size}px ${FONT}`; ctx.letterSpacing = "0px"; return ctx.measureText(words).width }
function turned(ctx, az, draw) { ctx.save(); ctx.rotate(az * Math.PI / 180); draw(); ctx.restore() }
function box(x, y, w, h, r) { const p = new Path2D(); p.roundRect(x, y, w, h, r); return p }
function line(x0, y0, x1, y1) { const p = new Path2D(); p.moveTo(x0, y0); p.lineTo(x1, y1); return p }
function query(ctx, m, x = 0, y = 0, size = 10) { if (m.state == "unknown") write(ctx, "?", x, y, size, 700, C.unknown, { halo: x != 0 }) }
function slash(ctx, m) { if (m.state == "silent") { halo(ctx, P.slash, 1); stroke(ctx, P.slash, m.main, 1.8) } }
function notch(ctx, m) { if (m.state == "maintenance") { halo(ctx, P.notch, 0); fill(ctx, P.notch, C.maintenance) } }
function sectorPath(r, az, width) {
  const p = new Path2D(), a = (az - width / 2 - 90) * Math.PI / 180, b = (az + width / 2 - 90) * Math.PI / 180;
  p.moveTo(0, 0); p.arc(0, 0, r, a, b); p.closePath(); return p;
}
function hatching(r, gap = 6) {                           // lines at 45° through a circle of that radius
  const p = new Path2D(); for (let d = gap * Math.ceil(-2 * r / gap); d <= 2 * r; d += gap) { p.moveTo(-r, -r + d); p.lineTo(r, r + d) } return p;
}
function framed(ctx, m, p, width) {                       // a box with words in it: border says the state
  const l = look(m), strong = m.level > 3 && !l;
  halo(ctx, p, l ? l[0] : width); fill(ctx, p, strong ? m.main : C.bg);
  stroke(ctx, p, l ? l[1] : m.main, l ? l[0] : width, l ? l[2] : []); return strong;
}
function words(m, strong) { return m.state == "unknown" ? C.unknown : strong ? C.ink : m.state == "late" ? C.text2 : C.text }
// the true place of a number that stands beside it
function foot(ctx, m) { const l = look(m); halo(ctx, P.foot); fill(ctx, P.foot, l ? C.ground : m.main); if (l) stroke(ctx, P.foot, l[1], 1.5, l[2]) }
function leader(ctx, m, x, y, color, width) { const p = line(0, 0, x, y); stroke(ctx, p, C.bg, width + 3); stroke(ctx, p, color, width) }

const MARK = {
  vessel(ctx, m) {
    m.small = true;
    m.az === null ? body(ctx, P.dot, m) : turned(ctx, m.az, () => body(ctx, m.state == "silent" ? P.vessel_lost : P.vessel, m));
    if (m.level > 3 && !look(m)) { halo(ctx, P.over_line, -1); stroke(ctx, P.over_line, m.main, 2) }
    query(ctx, m, 11, -5, 11);
  },
  pin(ctx, m) {
    if (m.due !== null && m.due < 1 && (m.state == "fresh" || m.state == "late")) {
      const ring = new Path2D(), used = new Path2D(); ring.arc(0, 1.1, 10, 0, TAU); used.arc(0, 1.1, 10, -TAU / 4, -TAU / 4 + TAU * Math.max(m.due, 0));
      stroke(ctx, ring, C.bg, 5.5); stroke(ctx, ring, C.track, 2.5); stroke(ctx, used, m.due >= .7 ? SEV[2] : m.tint, 2.5);
    }
    body(ctx, P.pin, m);
    if (m.level > 1 && !look(m)) write(ctx, "!", 0, 1.1, 10, 700, C.ink);
    query(ctx, m, 0, 1.1, 9);
  },
  camera(ctx, m) {
    const bare = m.range === 0 || m.az === null || m.kind == "unreachable" || m.state == "unknown" || m.state == "planned";
    if (!bare) {
      const p = sectorPath(m.range ?? 26, m.az, m.fov ?? 60), dark = m.state == "silent";
      if (!dark) fill(ctx, p, m.tint + "29"); if (m.kind == "frozen") { ctx.save(); ctx.clip(p); stroke(ctx, hatching(m.range ?? 26), m.main + "99", 1); ctx.restore() }
      stroke(ctx, p, dark ? m.main : m.tint + "66", dark ? 1.2 : 1, dark ? [3, 2] : []);
    }
    m.small = true; body(ctx, m.state == "unknown" ? P.camera_large : P.camera, m); query(ctx, m, 0, 0, 9);
    if (m.kind == "frozen") stroke(ctx, P.bars, look(m) ? m.main : C.ink, 1.4);
    if (m.state == "silent" || m.kind == "unreachable") { halo(ctx, P.slash, -1); stroke(ctx, P.slash, m.main, 1.8) }
    notch(ctx, m);
  },
  bus(ctx, m) {
    const l = look(m), color = l ? l[1] : m.main;
    if (m.az !== null && m.state != "unknown") turned(ctx, m.az, () => { halo(ctx, P.bus_tick); m.state == "fresh" ? fill(ctx, P.bus_tick, color) : stroke(ctx, P.bus_tick, color, 1) });
    halo(ctx, P.bus, l ? l[0] : 2); fill(ctx, P.bus, C.ground); stroke(ctx, P.bus, color, l ? l[0] : 2, l ? l[2] : []);
    query(ctx, m, 0, 0, 9); slash(ctx, m); notch(ctx, m);
  },
  board(ctx, m) {
    const l = look(m) ?? (m.kind == "off" ? [1.5, m.main, []] : null), color = l ? l[1] : m.main;
    halo(ctx, P.board_foot, 1.6); stroke(ctx, P.board_foot, color, 1.6); halo(ctx, P.board, l ? l[0] : 0);
    fill(ctx, P.board, l ? C.ground : m.main); if (l) stroke(ctx, P.board, color, l[0], l[2]);
    query(ctx, m, 0, -1, 9); slash(ctx, m); notch(ctx, m);
  },
  house(ctx, m) {
    if (m.due === null || look(m)) body(ctx, P.house, m); else {
      const top = 7 - 15 * Math.min(Math.max(m.due, 0), 1), half = top >= -2 ? 7 : 7 * (top + 8) / 6;
      halo(ctx, P.house, 1.5); fill(ctx, P.house, C.ground);
      fill(ctx, new Path2D(`M-7 7V${Math.max(top, -2)}L${-half} ${top}L${half} ${top}L7 ${Math.max(top, -2)}V7Z`), m.main); stroke(ctx, P.house, m.main, 1.5);
    }
    query(ctx, m); slash(ctx, m); notch(ctx, m);
    if (m.text) write(ctx, m.text, 11, 0, 12, 700, C.text, { align: "left", halo: true });
  },
  plus(ctx, m) { body(ctx, P.plus, m); const l = look(m); if (m.state != "unknown") stroke(ctx, P.plus_sign, l ? l[1] : C.ink, 2.2); query(ctx, m); slash(ctx, m); notch(ctx, m) },
  circle_dot(ctx, m) { body(ctx, P.circle_dot, m); const l = look(m); if (m.state != "unknown") fill(ctx, P.circle_dot_dot, l ? l[1] : C.ink); query(ctx, m, 0, 0, 9); slash(ctx, m); notch(ctx, m) },
  ward_count(ctx, m) {
    const text = m.state == "unknown" ? "?" : m.text ?? "", w = Math.max(24, measure(ctx, text, 12, 700) + 12);
    const strong = framed(ctx, m, box(-w / 2, -9, w, 18, 5), 1.5);
    write(ctx, text, 0, 0, 12, 700, words(m, strong));
  },
  aqi(ctx, m) {
    const text = m.state == "unknown" ? "?" : m.text ?? "", wide = text.length > 2, x = wide ? -3 : 0, l = look(m);
    const dx = m.dx ?? 0, dy = m.dy ?? 0; m.main = SEV[m.level] ?? C.line;
    if (dx || dy) { const color = l ? l[1] : m.main; leader(ctx, m, dx, dy, color, 1.5); foot(ctx, m); }
    ctx.save(); ctx.translate(dx, dy); const strong = framed(ctx, m, wide ? P.aqi_wide : P.aqi, 1.5);
    if (m.state != "unknown" && m.given) {
      const bar = new Path2D(`M${x - 11} -9.8A11 11 0 0 0 ${x - 11} 9.8Z`); fill(ctx, bar, m.tint); if (C.outlined.includes(m.tint)) stroke(ctx, bar, C.text2, 1);
    }
    write(ctx, text, m.state == "unknown" ? 0 : 3, 0, 13, 700, words(m, strong)); ctx.restore();
  },
  badge(ctx, m) {
    if (m.kind == "sign") { framed(ctx, m, P.badge, 1.5); if (m.state == "unknown") query(ctx, m); else { const p = new Path2D(); p.arc(0, 0, 2, 0, TAU); fill(ctx, p, m.level > 3 ? C.ink : m.main) } return }
    const text = m.state == "unknown" ? "?" : m.text ?? "–", unit = m.state == "unknown" ? "" : m.unit ?? "", arrow = m.trend !== null && m.state != "unknown";
    const wn = measure(ctx, text, 14, 700), wu = unit ? measure(ctx, unit, 12, 400) + 4 : 0, wa = arrow ? 14 : 0, w = wn + wu + wa + 18;
    const x = m.dx ?? -(w / 2 + 16), y = m.dy ?? 0, l = look(m), color = l ? l[1] : m.main;
    if (x || y) {
      leader(ctx, m, Math.min(Math.max(0, x - w / 2), x + w / 2), Math.min(Math.max(0, y - 13), y + 13), color, 1.5);
      foot(ctx, m);
    }
    ctx.save(); ctx.translate(x, y); const strong = framed(ctx, m, box(-w / 2, -13, w, 26, 5), m.level ? 2 : 1.5), ink = strong ? C.ink : null;
    let at = -w / 2 + 9; write(ctx, text, at, 0, 14, 700, words(m, strong), { align: "left" }); at += wn;
    if (unit) write(ctx, unit, at + 4, 0, 12, 400, ink ?? C.text2, { align: "left" }); at += wu;
    if (arrow) { ctx.translate(at + 9, 0); stroke(ctx, P[m.trend > 0 ? "arrow_up" : m.trend < 0 ? "arrow_down" : "arrow_flat"], ink ?? C.text2, 1.6) }
    ctx.restore();
  },
  callout(ctx, m) {
    const x = m.dx ?? 0, y = m.dy ?? 0, d = Math.hypot(x, y), l = look(m), color = m.state == "unknown" ? C.unknown : SEV[m.level] ?? C.text2;
    if (d > 18) leader(ctx, m, x * (d - 18) / d, y * (d - 18) / d, color, 2.5);
    ctx.save(); ctx.translate(x, y); halo(ctx, P.callout, 3); fill(ctx, P.callout, C.bg); stroke(ctx, P.callout, color, 3, l && m.state == "unknown" ? [5, 4] : []);
    write(ctx, m.text ?? "", 0, 0, 18, 700, color); ctx.restore();
  },
  letter(ctx, m) {
    const x = m.dx ?? 0, y = m.dy ?? 0, d = Math.hypot(x, y), l = look(m), color = l ? l[1] : m.main;
    if (d > 15) leader(ctx, m, x * (d - 13) / d, y * (d - 13) / d, color, 2);
    ctx.save(); ctx.translate(x, y); halo(ctx, P.letter, 2); fill(ctx, P.letter, C.bg); stroke(ctx, P.letter, color, 2, l ? l[2] : []);
    write(ctx, m.text ?? "", 0, 0, 15, 700, C.text); ctx.restore();
  },
  level(ctx, m) {
    if (m.state == "unknown") { body(ctx, P.circle, m); query(ctx, m); return }
    if (!m.level) { body(ctx, P.circle, m); return }
    const low = m.level == 2 ? 2 : 0; body(ctx, P[LEVEL_SHAPE[m.level]], m);
    write(ctx, `${m.level}`, 0, low, 10, 700, look(m) ? m.main : C.ink);
  },
  road(ctx, m) { const l = look(m); halo(ctx, P.road, 3.5); stroke(ctx, P.road, l ? l[1] : m.main, l ? 2 : 3.5, l ? l[2] : []); query(ctx, m, 0, 0) },
  area(ctx, m) { const l = look(m), color = l ? l[1] : m.main; fill(ctx, P.area, color + (l ? "00" : "52")); stroke(ctx, P.area, color, 1.5, l && l[2].length ? l[2] : [1.5, 2.5]); query(ctx, m) },
  shade(ctx, m) {
    const l = look(m); fill(ctx, P.area, m.tint + (l ? "00" : "99"));
    stroke(ctx, P.area, l ? l[1] : m.main, l ? l[0] : m.level ? 2 : 1, l ? l[2] : []); query(ctx, m);
  },
  hatch(ctx, m) {
    const l = look(m), color = l ? l[1] : m.main; fill(ctx, P.hatch, color + "12"); ctx.save(); ctx.clip(P.hatch); stroke(ctx, P.hatch_lines, color + "8C", 1.6); ctx.restore();
    stroke(ctx, P.hatch, color, 1.8, m.state == "exercise" ? [4, 3] : l ? l[2] : []); query(ctx, m);
  },
  network(ctx, m) { const l = look(m), color = l ? l[1] : m.main; halo(ctx, P.network, 1.6); stroke(ctx, P.network, color, 1.6, l ? l[2] : []); body(ctx, P.network_nodes, m); query(ctx, m, 12, 0) },
  image(ctx, m) { const l = look(m), color = l ? l[1] : m.main; halo(ctx, P.image, 1.6); fill(ctx, P.image, C.ground); if (m.state != "unknown") fill(ctx, P.image_hill, color); stroke(ctx, P.image, color, 1.6, l ? l[2] : []); query(ctx, m) },
  label(ctx, m) {
    const s = LABEL[m.kind] ?? LABEL.place;
    write(ctx, m.text ?? "", m.dx ?? 0, m.dy ?? 0, s[0], s[1], m.given ? m.tint : s[4], { italic: s[2], tracking: s[3], halo: true });
  },
  chip(ctx, m) {
    const w = measure(ctx, m.text ?? "", 13, 700) + 20, p = box(m.dx ?? 34, (m.dy ?? 0) - 13, w, 26, 6);
    fill(ctx, p, C.panel + "F2"); stroke(ctx, p, C.line, 1); write(ctx, m.text ?? "", (m.dx ?? 34) + 10, m.dy ?? 0, 13, 700, C.text, { align: "left" });
  },
  brackets(ctx, m) { ctx.translate(m.dx ?? 0, m.dy ?? 0); stroke(ctx, P.brackets, C.bg, 5.2); stroke(ctx, P.brackets, C.select, 2.2) },
  ring(ctx, m) { ctx.translate(m.dx ?? 0, m.dy ?? 0); stroke(ctx, P.ring, C.bg, 5); stroke(ctx, P.ring, C.select, 2) },
};
for (const shape of Object.values(LEVEL_SHAPE)) MARK[shape] = (ctx, m) => {
  body(ctx, P[shape], m); if (m.level) write(ctx, `${m.level}`, 0, shape == "triangle" ? 2 : 0, 10, 700, look(m) ? m.main : C.ink); query(ctx, m);
};
function plain(ctx, m, name) { body(ctx, P[name] ?? P.dot, m); if (name == "dot") query(ctx, m, 9, -4); else { query(ctx, m); slash(ctx, m); notch(ctx, m) } }
const NAMELESS = new Set(["label", "chip", "callout", "letter"]);

export default (args, obj, { ctx, i }) => {
  const d = args.src.data, g = (key, missing) => { const c = d[key]; if (c === undefined) return missing; const v = c[i]; return v == null || v !== v || v === "" ? missing : v };
  const mark = g("mark", "dot"), level = g("level", 0), own = TINT[mark] ?? C.people, tint = g("tint", own), state = g("state", "fresh");
  const m = { mark, state, level, tint, given: tint !== own, main: SEV[level] ?? tint, small: mark in { cabinet: 1, dot: 1 }, az: g("az", null), due: g("due", null), text: g("text", null), unit: g("unit", null), trend: g("trend", null), dx: g("dx", null), dy: g("dy", null), fov: g("fov", null), range: g("range", null), kind: g("kind", null) };
  const k = args.k * g("scale", 1);
  ctx.save(); ctx.globalAlpha = (Number.isFinite(obj.tags[0]) ? obj.tags[0] : 1) * g("alpha", 1) * (state == "exercise" ? 0.45 : 1); ctx.scale(k, k); ctx.setLineDash([]);
  const at = ANCHOR[mark]; if (at) ctx.translate(at[0], at[1]);
  MARK[mark] ? MARK[mark](ctx, m) : plain(ctx, m, mark);
  const name = g("name", null); if (name !== null && !NAMELESS.has(mark)) write(ctx, name, 12, at ? 1 : 0, 12, 400, C.text2, { align: "left", halo: true });
  ctx.restore();
};
