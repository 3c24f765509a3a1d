// The page's live line: cut when it has fallen silent, so that it begins again where it left off; begun anew where it never came up.
"use strict";

(() => {
  // The server says something every 15 seconds.
  const SILENT = 45000, MISSING = 10000, LOOK = 5000;
  const line = () => document.querySelector("[hx-sse\\:connect]");
  let heardAt = Date.now();

  const hear = () => { heardAt = Date.now(); };

  function beginAnew(element) {
    const fresh = element.cloneNode(false);
    fresh.removeAttribute("data-htmx-powered");
    element.replaceWith(fresh);
    htmx.process(fresh);
  }

  function look() {
    const element = line(), silent = Date.now() - heardAt;
    if (!element || !window.htmx || silent < MISSING) return;
    const connection = element._htmx?.sse;
    if (!connection) { hear(); beginAnew(element); }
    else if (silent > SILENT) { hear(); connection.reader?.cancel(); }
  }

  // A computer that slept, or a network that was away: do not wait for the next try.
  function wake() {
    const connection = line()?._htmx?.sse;
    if (connection && Date.now() - heardAt > SILENT) connection.reader?.cancel();
    connection?.delayCanceller?.();
  }

  document.addEventListener("htmx:sse:after:message", hear);
  document.addEventListener("htmx:sse:after:connection", hear);
  window.addEventListener("online", wake);
  setInterval(look, LOOK);

  // What was refused stays to be read, whatever happens around it, until something succeeds.
  document.addEventListener("htmx:after:request", (event) => {
    const { sourceElement, response } = event.detail.ctx;
    if (response && response.status < 400 && sourceElement.matches("main form")) document.querySelector("#problem")?.replaceChildren();
  });
})();
