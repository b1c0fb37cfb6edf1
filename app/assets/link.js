// Keeps a page joined to its server: what Bokeh 3.9.2 forgets when a connection dies is mended (a half received message stays in
// the receiver and ends the next connection, whose closing then throws; what a page tells a socket not yet open throws, as does what it
// hears before the new document), it tries for ever instead of five times, and a page that cannot
// get its session back loads itself again: its address holds what it shows. Says so in a band unless the page has its own (a wall).
(function () {
  const own = document.currentScript.dataset, EVERY_MS = 5000, QUIET_MS = 1500, HOLDS_MS = 1000, RELOAD_MS = 60_000, LISTEN_MS = 10_000, DEAF = 2;
  const seen = new WeakSet();
  let lost = null, ready = null, open = null, connection = null, asking = false, band = null;
  let heard = Date.now(), missed = 0, next = 0, listen = 0;
  const clock = (t) => new Intl.DateTimeFormat("vi-VN", {hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: own.zone || undefined}).format(t);
  const show = () => {
    const since = lost !== null && Date.now() - lost >= QUIET_MS ? lost : missed >= DEAF ? heard : null;
    if (!own.lost || (!band && since === null)) return;
    if (!band) {
      band = document.createElement("div"); band.className = "vonglau-lost"; band.setAttribute("role", "alert");
      document.body.append(band);
    }
    band.hidden = since === null;
    if (since !== null) band.textContent = own.lost.replace("{time}", clock(since));
  };
  const mark = (tags) => tags.flat().find((tag) => String(tag).startsWith("session-"));
  const mend = (c) => {
    if (c.__mended) return;
    c.__mended = true;
    const {send, _pull_doc_json: pull, _repull_session_doc: repull, _steady_state_handler: steady} = c;
    c.send = function (message) { if (this.socket?.readyState === WebSocket.OPEN) send.call(this, message); }; // the document comes back as the server has it
    c._pull_doc_json = async function () {
      const doc = this.session.document, before = mark(doc.roots().map((root) => root.tags)), found = await pull.call(this);
      // another session than the one this page shows (the server died, or had forgotten it) knows nothing of what was done here
      if (mark(found.doc_json.roots.map((root) => root.attributes?.tags)) !== before) { location.reload(); await new Promise(() => {}); }
      doc.replace_with_json = function (json) { this.constructor.from_json(json, [], found.buffers).destructively_move(this); }; // Bokeh forgets the buffers
      return found;
    };
    // until the new document is here, changes of it would be made in the old one; one that cannot be read comes with a new page
    c._repull_session_doc = function (resolve) { this.__pulling = true; return repull.call(this, (session) => { this.__pulling = false; resolve(session); }, () => location.reload()); };
    c._steady_state_handler = function (message) { if (!this.__pulling || message.msgtype() !== "PATCH-DOC") steady.call(this, message); };
    c._close_bad_protocol = function (detail) {
      this._receiver = new this._receiver.constructor();
      this.socket?.close(4002, String(detail).slice(0, 100)); // 1002 is not for scripts: close() would throw and nobody would try again
    };
  };
  const watch = (doc) => {
    seen.add(doc);
    doc.on_event("connection_lost", (_, event) => {
      lost ??= Date.now();
      const c = connection = event.connection?.deref?.() ?? connection;
      if (c) { c._receiver = new c._receiver.constructor(); mend(c); }
      setTimeout(show, QUIET_MS + 50);
    });
  };
  // Joined again is a socket that stays open: of its event the page's new document may hear nothing, and a server that refuses
  // the token opens the socket first.
  const joined = (now) => {
    if (connection?.socket?.readyState !== WebSocket.OPEN) { open = null; return; }
    open ??= now;
    if (now - open > HOLDS_MS) { lost = ready = open = null; missed = 0; }
  };
  // Each joining leaves the empty document in which its answer came; a wall is joined anew for months.
  const forget = (docs) => { for (let i = docs.length - 1; i > 0; i--) if (!docs[i].roots().length) docs.splice(i, 1); };
  const ask = async () => {
    asking = true;
    const stop = new AbortController(), timer = setTimeout(() => stop.abort(), 4000);
    try {
      await fetch("/readyz", {cache: "no-store", signal: stop.signal}); // any answer will do: a server with its database away serves pages
      heard = Date.now(); missed = 0;
      if (lost === null || open !== null) return;
      ready ??= Date.now();
      if (Date.now() - ready > RELOAD_MS) location.reload();
      else await connection?.reconnect();
    } catch { ready = null; missed += 1; } finally { clearTimeout(timer); asking = false; }
  };
  setInterval(() => {
    forget(window.Bokeh?.documents ?? []);
    for (const doc of window.Bokeh?.documents ?? []) if (!seen.has(doc)) watch(doc);
    const now = Date.now();
    if (lost !== null) joined(now);
    show();
    // a cut line closes no socket for many minutes: a page that seems joined asks too, seldom, and not where nobody looks
    if (lost === null) {
      next = now + EVERY_MS;
      if (own.lost && !document.hidden && !asking && now > listen) { listen = now + LISTEN_MS * (0.8 + 0.4 * Math.random()); ask(); }
    } else if (!asking && now > next) { next = now + EVERY_MS * (0.8 + 0.4 * Math.random()); ask(); } // a hall of screens must not ask all at once
  }, 500);
})();
