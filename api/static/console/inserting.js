// What goes into a reply beside typing: words of an older ticket, the source of a suggestion, files pasted or dropped.
"use strict";

(() => {
  const find = (selector, root = document) => root.querySelector(selector);
  const source = () => find("#goes-with");

  function insert(words) {
    const box = find("#reply-text");
    const before = box.value.trim();
    find("#as-reply").checked = true;
    box.focus();
    box.value = (before ? `${before}\n\n` : "") + words;
    box.setSelectionRange(box.value.length, box.value.length);
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function tellSource() {
    if (!source()) return;
    const titles = [...document.querySelectorAll("#suggestion .citations li")].map((one) => (find("a", one) ?? one.firstChild)?.textContent.trim());
    const isIn = (find("#reply input[name=suggestion]")?.value ?? "0") !== "0";
    if (isIn && titles.length) find("span", source()).textContent = titles.join(", ");
    source().hidden = !isIn || !find("span", source()).textContent.trim();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    if (button && find("#reply-text")) insert(document.getElementById(button.dataset.insert).textContent);
    if (event.target.closest("[data-edit]")) tellSource();
  });
  // Words that came back with this window: their suggestion counts while it is still offered.
  document.addEventListener("firstline:began", ({ detail }) => {
    if (!find(`[data-edit="${CSS.escape(detail.suggestion)}"]`)) return;
    find("#reply input[name=suggestion]").value = detail.suggestion;
    tellSource();
  });
  // After console.js has said that the box is empty, and so holds no suggestion.
  document.addEventListener("input", (event) => { if (event.target.id === "reply-text") queueMicrotask(tellSource); });
  document.addEventListener("htmx:after:request", (event) => {
    if (event.detail.ctx.sourceElement.id === "reply") queueMicrotask(tellSource);
  });

  // A picture from the clipboard, a file from the desktop: as if it were chosen with the button.
  function add(files) {
    const field = find("#reply input[type=file]");
    if (!field || !files.length) return false;
    const all = new DataTransfer();
    for (const file of [...field.files, ...files]) all.items.add(file);
    field.files = all.files;
    find("#as-reply").checked = true;
    field.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  }

  document.addEventListener("paste", (event) => {
    const files = event.clipboardData?.files ?? [];
    if (event.target.id === "reply-text" && files.length && add(files)) event.preventDefault();
  });
  const isOver = (event) => event.target.closest?.("#composer, #transcript") && [...(event.dataTransfer?.types ?? [])].includes("Files");
  document.addEventListener("dragover", (event) => { if (isOver(event)) event.preventDefault(); });
  document.addEventListener("drop", (event) => {
    if (isOver(event) && add(event.dataTransfer.files)) event.preventDefault();
  });
})();
