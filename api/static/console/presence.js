// Who else is at a ticket: says that its person is here and whether they type, and shows the others, on a ticket and in a list.
"use strict";

(() => {
  const BEAT = 10000, STOPS = 8000, SOON = 700;
  const bar = () => document.querySelector("#here[data-at]");
  const spots = () => [...document.querySelectorAll("[data-here]")];
  const nobody = { words: "", typing: false };
  let typedAt = 0, saidTyping = false, hasSaid = false, listed = "", soon = 0;

  async function ask(address, said) {
    try {
      const response = await fetch(address, said && { method: "POST", body: new URLSearchParams(said) });
      return response.ok && !response.redirected ? await response.json() : null;
    } catch {
      return null;
    }
  }

  function show(element, { words, typing }) {
    if (element.textContent !== words) element.textContent = words;
    element.classList.toggle("typing", typing);
  }

  async function beat() {
    const element = bar();
    if (!element || document.hidden) return;
    saidTyping = Date.now() - typedAt < STOPS;
    const read = document.querySelector("#transcript")?.dataset.lastIncoming ?? 0;
    const others = await ask(`${element.dataset.at}/here`, { typing: saidTyping, arrives: !hasSaid, read });
    hasSaid = hasSaid || !!others;
    if (others && bar()) show(bar(), others);
  }

  async function list() {
    const numbers = spots().map((spot) => spot.dataset.here);
    listed = numbers.join();
    if (!numbers.length || document.hidden) return;
    const found = await ask(`/console/here?${new URLSearchParams(numbers.map((number) => ["number", number]))}`);
    for (const spot of found ? spots() : []) show(spot, found[spot.dataset.here] ?? nobody);
  }

  const tell = () => { beat(); list(); };

  function leave() {
    if (bar() && hasSaid) navigator.sendBeacon(`${bar().dataset.at}/away`);
    hasSaid = false;
    typedAt = 0;
  }

  document.addEventListener("input", (event) => {
    if (!event.target.matches("#composer textarea")) return;
    typedAt = event.target.value.trim() ? Date.now() : 0;
    if (saidTyping !== typedAt > 0) beat();
  });
  document.addEventListener("htmx:after:request", (event) => {
    const { sourceElement, response } = event.detail.ctx;
    if (response && response.status < 400 && sourceElement.matches("#composer form")) { typedAt = 0; beat(); }
  });
  document.addEventListener("look", () => {
    clearTimeout(soon);
    soon = setTimeout(tell, SOON);
  });
  document.addEventListener("htmx:after:settle", () => {
    if (spots().map((spot) => spot.dataset.here).join() !== listed) list();
  });
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : tell()));
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", (event) => { if (event.persisted) tell(); });
  setInterval(tell, BEAT);
  setInterval(() => { if (saidTyping && Date.now() - typedAt >= STOPS) beat(); }, 1000);
  tell();
})();
