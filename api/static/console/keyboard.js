// The keys. The table of them stands in the dialog that shows them; here is what it takes to follow it.
"use strict";

(() => {
  const find = (selector, root = document) => (selector ? root.querySelector(selector) : null);
  const table = [...document.querySelectorAll("#shortcuts [data-deed]")].map((row) => ({
    ...row.dataset,
    words: find("dd", row).textContent,
    keys: find("dt", row).textContent.trim(),
  }));

  // Lists: a row that disappears under the focus hands it to its neighbour.
  const rows = () => [...document.querySelectorAll("a.row, input.row")].filter((row) => row.checkVisibility());
  let rowIndex = -1;

  function findRow() {
    const all = rows();
    if (rowIndex >= 0 && all.length && document.activeElement === document.body) all[Math.min(rowIndex, all.length - 1)].focus();
  }

  // From the box beside a row as well: a list is ticked and gone through at once.
  const rowAt = (all) => all.findIndex((row) => row === document.activeElement || row.closest("li")?.contains(document.activeElement));

  function move(step) {
    const all = rows(), at = rowAt(all);
    const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step];
    if (next) { next.focus(); next.scrollIntoView({ block: "nearest" }); }
  }

  // To a field, with whatever it is folded into unfolded.
  function goTo(place) {
    const kind = place.closest("#composer") && find(`#as-${place.form?.id}`);
    if (kind) kind.checked = true;
    for (let fold = place.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    place.focus();
    if (place.matches("input[type=search], #tags")) place.select();
    place.scrollIntoView({ block: "nearest" });
  }

  let said = 0;

  function say(words) {
    const line = find("#not-now");
    line.textContent = words;
    clearTimeout(said);
    said = setTimeout(() => { line.textContent = ""; }, 4000);
  }

  // True where it could be done on this page.
  function follow({ does, at }) {
    const place = find(at);
    if (!place) return false;
    if (does === "press") place.click();
    else goTo(place);
    return true;
  }

  function help() {
    const dialog = find("#shortcuts");
    if (!dialog.open) dialog.showModal();
    // The button that shuts it has the focus and stands below: one reads from the top.
    for (const part of [dialog, dialog.firstElementChild]) part.scrollTop = 0;
  }

  const openCommands = (begun = "") => document.dispatchEvent(new CustomEvent("commands", { detail: begun }));
  const own = { j: () => move(1), k: () => move(-1), "?": help, m: () => openCommands("/") };

  function press(event) {
    if (own[event.key] && (event.key !== "m" || find("#composer"))) { event.preventDefault(); own[event.key](); return; }
    // A letter means another deed in every room: the one whose place this page has.
    const rows = table.filter((one) => one.press === event.key && one.at);
    if (!rows.length) return;
    event.preventDefault();
    if (!rows.some(follow) && find("#head")) say(find("#not-now").dataset.words);
  }

  // Ctrl Enter sends the form that somebody is in, where it has one button.
  function send(event) {
    const form = event.target.form;
    if (!form?.closest("main")) return;
    const buttons = [...form.elements].filter((one) => one.type === "submit");
    if (buttons.length !== 1 && !form.closest("#composer")) return;
    event.preventDefault();
    form.requestSubmit();
    // What was set is done with: the next key is a deed again. Whoever writes goes on writing.
    if (!form.closest("#composer") && form.checkValidity()) event.target.blur();
  }

  const isTyping = (element) => element.closest?.("input, textarea, select, [contenteditable]") &&
    !element.matches("input[type=radio], input[type=checkbox]");

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.defaultPrevented) return;
    const isChord = event.ctrlKey || event.metaKey;
    if (event.key === "Enter" && isChord) { send(event); return; }
    if (event.key.toLowerCase() === "k" && isChord && !event.altKey && !event.shiftKey) {
      if (find("dialog[open]:not(#commands)")) return;
      event.preventDefault();
      openCommands();
      return;
    }
    if (event.key === "Escape" && isTyping(event.target) && !event.target.closest("dialog")) event.target.blur();
    if (isChord || event.altKey || isTyping(event.target) || find("dialog[open]")) return;
    press(event);
  });

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener?.dataset.open === "shortcuts") help();
    if (opener?.dataset.open === "commands") openCommands();
  });
  document.addEventListener("htmx:before:swap", () => { rowIndex = rowAt(rows()); });
  document.addEventListener("htmx:after:settle", findRow);

  // For the command bar.
  window.firstlineKeys = { table, follow, goTo };
})();
