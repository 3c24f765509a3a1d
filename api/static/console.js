// What the console does in the browser beyond links and forms. Every action works without this file.
"use strict";

(() => {
  // The page's language in the reader's own variety: a reader of en-GB gets British times on an English page.
  const spoken = document.documentElement.lang;
  const language = navigator.languages.find((one) => one.split("-")[0] === spoken) ?? spoken;
  const find = (selector, root = document) => root.querySelector(selector);

  // Times in the reader's own zone.
  const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
  const day = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  const year = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  const ago = new Intl.RelativeTimeFormat(language, { style: "short", numeric: "auto" });

  function inWords(at, now) {
    if (at.toDateString() === now.toDateString()) return clock.format(at);
    return (at.getFullYear() === now.getFullYear() ? day : year).format(at);
  }

  function age(at, now) {
    const minutes = Math.max(0, Math.round((now - at) / 60000));
    if (minutes < 60) return [minutes, "minute"];
    return minutes < 48 * 60 ? [Math.round(minutes / 60), "hour"] : [Math.round(minutes / 1440), "day"];
  }

  function since(at, now) {
    const [count, unit] = age(at, now);
    return ago.format(-count, unit);
  }

  function duration(at, now) {
    const [count, unit] = age(at, now);
    return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }).format(count);
  }

  // What a customer's clock shows; nothing where the browser does not know their time zone.
  function there(timeZone, now) {
    try {
      return new Intl.DateTimeFormat(language, { weekday: "short", hour: "2-digit", minute: "2-digit", timeZone }).format(now);
    } catch {
      return "";
    }
  }

  const shown = { ago: since, duration };

  function showTimes() {
    const now = new Date();
    for (const element of document.querySelectorAll("time[datetime]")) {
      const at = new Date(element.dateTime);
      if (isNaN(at)) continue;
      const words = (shown[element.dataset.shown] ?? inWords)(at, now);
      if (element.textContent !== words) element.textContent = words;
      if (!element.title) element.title = year.format(at);
    }
    for (const element of document.querySelectorAll("[data-zone]")) {
      const words = there(element.dataset.zone, now);
      if (words && element.textContent !== words) element.textContent = words;
    }
  }

  // The transcript opens at its end and stays there, unless somebody has scrolled up to read.
  let wasAtEnd = true;
  const transcript = () => find("#transcript");

  let hasJustWritten = false;

  function noteScroll() {
    const box = transcript();
    wasAtEnd = hasJustWritten || !box || box.scrollHeight - box.scrollTop - box.clientHeight < 60;
    hasJustWritten = false;
  }

  function toEnd() {
    const box = transcript();
    if (box && wasAtEnd) box.scrollTop = box.scrollHeight;
  }

  // What the agent has read: the newest message, until they begin to write; from then on only what they say they read.
  const seen = () => find("#reply input[name=seen]");

  function readAll() {
    if (!seen() || !transcript()) return;
    seen().value = transcript().dataset.last;
    find("#newer").hidden = true;
  }

  function noteNewer() {
    if (!seen() || !transcript()) return;
    if (!find("#reply-text").value.trim()) readAll();
    else find("#newer").hidden = Number(transcript().dataset.lastIncoming) <= Number(seen().value) || !!find("#stale button");
  }

  function settle() {
    showTimes();
    toEnd();
    noteNewer();
  }

  // A suggestion in the reply box: what is sent with its number counts as what an agent made of it.
  const suggestion = () => find("#reply input[name=suggestion]");

  function edit(id) {
    const box = find("#reply-text");
    const before = box.value.trim();
    readAll();
    write("reply");
    box.value = (before ? before + "\n\n" : "") + find("#suggestion-text").textContent;
    suggestion().value = id;
    box.setSelectionRange(0, 0);
    box.scrollTop = 0;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // A form that was accepted is empty again; one that was refused keeps every word.
  document.addEventListener("htmx:after:request", (event) => {
    const { sourceElement, response } = event.detail.ctx;
    if (!response || response.status >= 400) return;
    const judged = sourceElement.closest("details.audit");
    if (judged) { sourceElement.reset(); judged.open = false; }
    if (!sourceElement.matches("#composer form")) return;
    sourceElement.reset();
    find("#asked").replaceChildren();
    if (sourceElement.id === "reply") suggestion().value = "0";
    find("#stale").replaceChildren();
    hasJustWritten = true;
  });
  document.addEventListener("htmx:before:swap", noteScroll);
  document.addEventListener("htmx:after:settle", settle);

  document.addEventListener("htmx:sse:error", () => { if (find("#lost")) find("#lost").hidden = false; });
  document.addEventListener("htmx:sse:after:connection", () => { if (find("#lost")) find("#lost").hidden = true; });

  function write(kind) {
    const choice = find(`#as-${kind}`);
    if (!choice) return;
    choice.checked = true;
    find(`#${kind}-text`).focus();
  }

  document.addEventListener("click", (event) => {
    const editor = event.target.closest("[data-edit]");
    if (editor && !event.ctrlKey && !event.metaKey) { event.preventDefault(); edit(editor.dataset.edit); }
    if (event.target.closest("[data-seen]")) { readAll(); find("#reply-text").focus(); }
    const menu = find("details.me[open]");
    if (menu && !menu.contains(event.target)) menu.open = false;
  });

  document.addEventListener("input", (event) => {
    if (event.target.id !== "reply-text" || event.target.value.trim()) return;
    readAll();
    suggestion().value = "0";
  });

  // Many boxes at once: all of a group, all of a page, and how many are ticked.
  const boxes = (root) => [...(root?.querySelectorAll("input[name=ids]") ?? [])];

  function countTicked() {
    for (const group of document.querySelectorAll("[data-all]")) {
      const all = boxes(group), ticked = all.filter((box) => box.checked).length;
      const whole = find("[data-tick]", group);
      if (!whole) continue;
      whole.closest("label").hidden = all.length < 2;
      whole.checked = ticked === all.length;
      whole.indeterminate = ticked > 0 && ticked < all.length;
    }
    const count = find("[data-count]");
    if (count) count.textContent = boxes(count.closest("form")).filter((box) => box.checked).length || "";
  }

  document.addEventListener("change", (event) => {
    const group = event.target.matches("[data-tick]") && event.target.closest("[data-all]");
    for (const box of group ? boxes(group) : []) box.checked = event.target.checked;
    countTicked();
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-tick-all]");
    if (!link || event.ctrlKey || event.metaKey) return;
    const all = boxes(link.closest("form"));
    const isTicking = all.some((box) => !box.checked);
    event.preventDefault();
    for (const box of all) box.checked = isTicking;
    countTicked();
  });

  // A file that the desk would refuse is refused before it is sent.
  document.addEventListener("change", (event) => {
    if (event.target.type !== "file") return;
    const large = [...event.target.files].find((file) => file.size > 20 * 1024 * 1024);
    event.target.setCustomValidity(large ? event.target.dataset.tooLarge + large.name : "");
    event.target.reportValidity();
  });

  document.addEventListener("DOMContentLoaded", () => { showTimes(); toEnd(); countTicked(); });
  setInterval(showTimes, 30000);
})();
