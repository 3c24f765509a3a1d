// The inbox: "x" ticks the row under the focus, Shift a stretch of rows, and what was done to them is shown at once.
"use strict";

(() => {
  const find = (selector, root = document) => root.querySelector(selector);
  const boxes = () => [...document.querySelectorAll("#rows input[name=numbers]")];
  let last = null;

  function count() {
    const bar = find("#bulk");
    const whole = bar && find("[data-tick-rows]", bar);
    if (!whole) return;
    const all = boxes(), ticked = all.filter((box) => box.checked).length;
    const words = find("[data-ticked]", bar);
    words.textContent = ticked;
    words.parentElement.hidden = false;
    whole.checked = ticked > 0 && ticked === all.length;
    whole.indeterminate = ticked > 0 && ticked < all.length;
  }

  // From the box that was ticked last to this one, as they stand.
  function stretch(box) {
    const all = boxes(), from = all.findIndex((one) => one.value === last), to = all.indexOf(box);
    if (from < 0) return;
    for (const one of all.slice(Math.min(from, to), Math.max(from, to) + 1)) one.checked = box.checked;
  }

  function tick(box, isStretch) {
    if (isStretch) stretch(box);
    last = box.value;
    count();
  }

  document.addEventListener("click", (event) => {
    if (event.target.matches("#rows input[name=numbers]")) tick(event.target, event.shiftKey);
    if (!event.target.matches("[data-tick-rows]")) return;
    for (const box of boxes()) box.checked = event.target.checked;
    count();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "x" || event.ctrlKey || event.metaKey || event.altKey || find("dialog[open]")) return;
    const box = document.activeElement.closest("#rows li")?.querySelector("input[name=numbers]");
    if (!box) return;
    event.preventDefault();
    box.checked = !box.checked;
    tick(box, event.shiftKey);
  });

  document.addEventListener("htmx:after:request", (event) => {
    const { sourceElement, response } = event.detail.ctx;
    if (sourceElement.id !== "bulk" || !response || response.status >= 400) return;
    for (const box of boxes()) box.checked = false;
    count();
    find("#problem")?.replaceChildren();
    document.body.dispatchEvent(new Event("desk"));
  });

  document.addEventListener("htmx:after:settle", count);
  document.addEventListener("DOMContentLoaded", count);
})();
