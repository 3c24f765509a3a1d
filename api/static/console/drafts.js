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

  // With what the words began as, so that it still counts when they are sent another day.
  function form(box) {
    const data = new FormData(), whole = new FormData(box.form);
    data.set("kind", box.form.id);
    data.set("text", box.value);
    for (const name of ["suggestion", "macro", "deeds"]) if (whole.has(name)) data.set(name, whole.get(name));
    return data;
  }

  const state = (box) => new URLSearchParams(form(box)).toString();

  // A page that is loaded again may be made before the last letters arrive: this window has them.
  const place = (box) => `firstline.draft ${note().dataset.at} ${box.form.id}`;

  const began = (box) => Object.fromEntries(["suggestion", "macro"].map((name) => [name, form(box).get(name) ?? "0"]));

  function hold(box) {
    try { sessionStorage.setItem(place(box), JSON.stringify({ text: box.value, began: began(box), at: Date.now() })); } catch { /* only the server has it */ }
  }

  function held(box) {
    try {
      const found = JSON.parse(sessionStorage.getItem(place(box)));
      sessionStorage.removeItem(place(box));
      return found && Date.now() - found.at < FRESH ? found : null;
    } catch {
      return null;
    }
  }

  function later(box, wait = PAUSE) {
    clearTimeout(of(box).timer);
    of(box).timer = setTimeout(() => save(box), wait);
  }

  async function save(box) {
    const draft = of(box), text = box.value, saved = state(box);
    if (draft.isUnderWay || saved === draft.kept || !note()) return;
    draft.isUnderWay = true;
    let isKept = false;
    try {
      const response = await fetch(note().dataset.at, { method: "POST", body: form(box) });
      isKept = response.status === 204;
    } catch { /* The network is away: tried again below. */ }
    draft.isUnderWay = false;
    if (isKept) draft.kept = saved;
    tell(isKept ? (text && note().dataset.saved) : note().dataset.unsaved);
    if (!isKept) later(box, AGAIN);
    else if (state(box) !== saved) later(box);
  }

  function saveAll() {
    for (const box of boxes()) {
      if (state(box) === of(box).kept) continue;
      hold(box);
      if (navigator.sendBeacon(note().dataset.at, form(box))) of(box).kept = state(box);
    }
  }

  for (const box of boxes()) {
    const mine = held(box);
    kinds.set(box.form.id, { kept: state(box), isUnderWay: false, timer: 0 });
    // Else a form that is reset when it was sent would have the old draft in it again.
    const text = mine?.text ?? box.value;
    box.defaultValue = "";
    box.value = text;
    // Whoever keeps suggestions and macros listens once all of the page is there.
    const bring = () => document.dispatchEvent(new CustomEvent("firstline:began", { detail: mine.began }));
    if (mine?.text && box.form.id === "reply") document.addEventListener("DOMContentLoaded", bring);
    if (state(box) !== of(box).kept) later(box);
    else if (text) tell(note().dataset.saved);
  }

  document.addEventListener("input", (event) => {
    if (event.target.matches("#composer textarea")) later(event.target);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("#macro-in [name=deeds]")) later(document.querySelector("#reply-text"));
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
