// Where an article is written: kept as it is typed, previewed, pictures pasted in. Every deed works without this file.
"use strict";

(() => {
  const KEEP = 800, LOOK = 500, AGAIN = 3000;
  const find = (selector) => document.querySelector(selector);
  const form = find("#article-form");
  if (!form || form.querySelector("fieldset").disabled) return;
  const body = find("#body"), kept = find("#kept"), both = find("#look-at-both"), upload = find("#upload"), add = find("#add-file");
  const fields = () => new URLSearchParams(new FormData(form));
  // What the fields say, without what goes along with them.
  const text = () => { const data = fields(); for (const name of ["revision", "base", "note", "publish_at", "percent", "accounts"]) data.delete(name); return data.toString(); };

  // Somebody may have typed before this file was here.
  const isTouched = [...form.elements].some((field) => field.type !== "file" && "defaultValue" in field && field.value !== field.defaultValue);
  let saved = isTouched ? null : text(), underWay = null, timer = 0, isChanged = false, isLeaving = false;
  const tell = (words) => { kept.textContent = words; };

  function later(wait = KEEP) {
    clearTimeout(timer);
    if (!isChanged) timer = setTimeout(save, wait);
  }

  // One request at a time, each with the revision that the one before it gave.
  async function save() {
    clearTimeout(timer);
    if (underWay) await underWay;
    if (isChanged || text() === saved) return;
    underWay = send();
    await underWay;
    underWay = null;
    if (text() !== saved && !isChanged) later();
  }

  async function send() {
    const sent = text();
    tell(kept.dataset.saving);
    try {
      const response = await fetch(form.getAttribute("action"), { method: "POST", body: fields(), headers: { Accept: "application/json" } });
      if (response.ok && response.headers.get("content-type")?.includes("json")) note(await response.json(), sent);
      else if (response.status === 409) changed(await response.json());
      else if (response.status === 404) { isChanged = true; tell(kept.dataset.lost); }
      else failed();
    } catch {
      failed();
    }
  }

  function note({ revision, base, state, faults, why_not: why }, sent) {
    form.elements.revision.value = revision;
    form.elements.base.value = base;
    saved = sent;
    if (state) find("#draft-state").textContent = state;
    const reason = find("#why-not");
    if (reason) { reason.textContent = why ?? ""; reason.hidden = !why; }
    for (const place of form.querySelectorAll(".fault")) {
      const words = faults?.[place.id.replace("fault-", "")] ?? "";
      if (place.textContent !== words) place.textContent = words;
      const field = form.querySelector(`[aria-describedby="${place.id}"]`);
      if (words) field?.setAttribute("aria-invalid", "true"); else field?.removeAttribute("aria-invalid");
    }
    tell(kept.dataset.saved);
  }

  // Somebody else saved: nothing is sent on until both were looked at.
  function changed({ words }) {
    isChanged = true;
    tell(words);
    both.hidden = false;
  }

  function failed() {
    tell(kept.dataset.unsaved);
    later(AGAIN);
  }

  // The preview, and the newest one only.
  let looking = 0, looked = 0;

  function look() {
    clearTimeout(looking);
    looking = setTimeout(async () => {
      const mine = ++looked;
      try {
        const response = await fetch(form.dataset.preview, { method: "POST", body: fields() });
        const shown = await response.text();
        if (response.ok && mine === looked) find("#preview").innerHTML = shown;
      } catch { /* The next letter tries again. */ }
    }, LOOK);
  }

  // Pictures and files: put in place of what is selected.
  async function put(file) {
    const data = new FormData();
    data.set("upload", file, file.name || "picture.png");
    tell(kept.dataset.uploading);
    try {
      const response = await fetch(form.dataset.upload, { method: "POST", body: data, headers: { Accept: "application/json" } });
      const { markdown, problem } = await response.json();
      if (!response.ok) { tell(problem); return; }
      // At the end of the text it is a paragraph of its own; elsewhere it stands where it was put.
      const isLast = body.selectionStart === body.value.length && body.value.trim() !== "";
      const gap = isLast ? "\n".repeat(2 - Math.min(2, body.value.match(/\n*$/)[0].length)) : "";
      body.setRangeText(gap + markdown, body.selectionStart, body.selectionEnd, "end");
      body.dispatchEvent(new Event("input", { bubbles: true }));
    } catch {
      tell(kept.dataset.unsaved);
    }
  }

  async function putAll(files) {
    for (const file of files) await put(file);
    body.focus();
  }

  form.addEventListener("input", (event) => {
    if (event.target.closest(".draft-deeds")) return;
    if (!isChanged) tell("");
    later();
    look();
  });

  // The save button stays on the page; a deed waits for what is being saved.
  form.addEventListener("submit", async (event) => {
    const button = event.submitter;
    if (button?.id === "save") { event.preventDefault(); save(); return; }
    clearTimeout(timer);
    if (underWay) {
      event.preventDefault();
      await underWay;
      form.requestSubmit(button);
      return;
    }
    isLeaving = true;
  });

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "s" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    save();
  });

  body.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    if (!files.length) return;
    event.preventDefault();
    putAll(files);
  });
  body.addEventListener("dragover", (event) => { if (event.dataTransfer.types.includes("Files")) event.preventDefault(); });
  body.addEventListener("drop", (event) => {
    const files = [...event.dataTransfer.files];
    if (!files.length) return;
    event.preventDefault();
    putAll(files);
  });
  add.hidden = false;
  add.addEventListener("click", () => upload.click());
  upload.addEventListener("change", async () => { await putAll([...upload.files]); upload.value = ""; });

  // What was typed in the last moment before the page goes.
  window.addEventListener("pagehide", () => {
    if (isLeaving || isChanged || underWay || text() === saved) return;
    navigator.sendBeacon(form.getAttribute("action"), fields());
  });
  if (isTouched) { later(); look(); }
  // A page that comes back from the browser's memory goes on where it was.
  window.addEventListener("pageshow", (event) => { if (event.persisted) { isLeaving = false; later(0); } });
})();
