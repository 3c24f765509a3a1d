// Keeps what somebody types under a ticket on the server, half a second after each pause and when the page goes away.
"use strict";

(() => {
  const PAUSE = 500, AGAIN = 3000, FRESH = 10000;
  const note = () => document.querySelector("#kept");
  const boxes = () => [...document.querySelectorAll("#composer textarea")];
  const kinds = new Map();
  // By kind of draft: what the server has, whether a request is under way, and the timer of the next.
  const of = (box) => kinds.get(box.form.id);

  function tell(words) {
    if (!note()) return;
    note().textContent = words;
    note().hidden = !words;
  }

  function form(box) {
    const data = new FormData();
    data.set("kind", box.form.id);
    data.set("text", box.value);
    return data;
  }

  // A page that is loaded again may be made before the last letters arrive: this window has them.
  const place = (box) => `firstline.draft ${note().dataset.at} ${box.form.id}`;

  function hold(box) {
    try { sessionStorage.setItem(place(box), JSON.stringify({ text: box.value, at: Date.now() })); } catch { /* only the server has it */ }
  }

  function held(box) {
    try {
      const found = JSON.parse(sessionStorage.getItem(place(box)));
      sessionStorage.removeItem(place(box));
      return found && Date.now() - found.at < FRESH ? found.text : null;
    } catch {
      return null;
    }
  }

  function later(box, wait = PAUSE) {
    clearTimeout(of(box).timer);
    of(box).timer = setTimeout(() => save(box), wait);
  }

  async function save(box) {
    const draft = of(box), text = box.value;
    if (draft.isUnderWay || text === draft.kept || !note()) return;
    draft.isUnderWay = true;
    let isKept = false;
    try {
      const response = await fetch(note().dataset.at, { method: "POST", body: form(box) });
      isKept = response.status === 204;
    } catch { /* The network is away: tried again below. */ }
    draft.isUnderWay = false;
    if (isKept) draft.kept = text;
    tell(isKept ? (text && note().dataset.saved) : note().dataset.unsaved);
    if (!isKept) later(box, AGAIN);
    else if (box.value !== text) later(box);
  }

  function saveAll() {
    for (const box of boxes()) {
      if (box.value === of(box).kept) continue;
      hold(box);
      if (navigator.sendBeacon(note().dataset.at, form(box))) of(box).kept = box.value;
    }
  }

  for (const box of boxes()) {
    const kept = box.value, text = held(box) ?? kept;
    kinds.set(box.form.id, { kept, isUnderWay: false, timer: 0 });
    // Else a form that is reset when it was sent would have the old draft in it again.
    box.defaultValue = "";
    box.value = text;
    if (text !== kept) later(box);
    else if (text) tell(note().dataset.saved);
  }

  document.addEventListener("input", (event) => {
    if (event.target.matches("#composer textarea")) later(event.target);
  });
  // The server forgets a draft that was sent; one that was saved at the same moment may have come after that.
  document.addEventListener("htmx:after:request", (event) => {
    const { sourceElement, response } = event.detail.ctx;
    if (!response || response.status >= 400 || !sourceElement.matches("#composer form")) return;
    const box = sourceElement.querySelector("textarea");
    box.value = "";
    of(box).kept = null;
    tell("");
    later(box, 0);
  });
  document.addEventListener("visibilitychange", () => { if (document.hidden) saveAll(); });
  window.addEventListener("pagehide", saveAll);
})();
