// Lists under the box one writes in: macros after "/" at the start of an empty line, colleagues and teams after "@".
"use strict";

(() => {
  const find = (selector, root = document) => root.querySelector(selector);
  const picker = () => find("#picker");
  const MOST = 8;
  // The open list: its box, what it was opened for, where the typed word begins, its lines and the chosen one.
  let open = null;
  const loaded = new Map();

  function load(address) {
    if (!loaded.has(address)) {
      const lines = fetch(address).then((response) => response.ok ? response.json() : []).catch(() => []);
      loaded.set(address, lines);
      lines.then((found) => { if (!found.length) loaded.delete(address); });
    }
    return loaded.get(address);
  }

  // What is being typed for a list: {mark, word, from}; nothing where no list is meant.
  function asked(box) {
    const before = box.value.slice(0, box.selectionStart);
    const slash = find("[data-macros]") && /(?:^|\n)[/／]([\p{L}\p{N}_-]*)$/u.exec(before);
    if (slash) return { mark: "/", word: slash[1], from: before.length - slash[1].length - 1 };
    const at = box.dataset.names && /(?:^|[^A-Za-z0-9._+@-])[@＠]([^@＠\n]{0,30})$/u.exec(before);
    return at ? { mark: "@", word: at[1], from: before.length - at[1].length - 1 } : null;
  }

  const addressOf = (box, mark) => mark === "/" ? `${find("[data-macros]").dataset.macros}/macros.json` : `${box.dataset.names}/names.json`;

  function fitting(lines, word) {
    const wanted = word.toLowerCase();
    const place = (line) => {
      const name = line.name.toLowerCase(), at = name.indexOf(wanted);
      if (at === 0) return 0;
      if (at > 0) return 1;
      return wanted && line.about.toLowerCase().includes(wanted) ? 2 : -1;
    };
    return lines.filter((line) => place(line) >= 0).sort((one, other) => place(one) - place(other)).slice(0, MOST);
  }

  async function look(box) {
    const request = asked(box);
    if (!request) return close();
    const lines = await load(addressOf(box, request.mark));
    const now = asked(box);
    if (!now || now.mark !== request.mark || document.activeElement !== box) return;
    const found = fitting(lines, now.word);
    // A name that nobody has is only words; so is what goes on after a whole name.
    if (now.mark === "@" && !found.length) return close();
    show(box, now, found);
  }

  function show(box, request, lines) {
    open = { box, ...request, lines, at: 0 };
    const list = picker();
    list.replaceChildren(...lines.map((line, index) => {
      const row = document.createElement("div"), name = document.createElement("strong"), about = document.createElement("span");
      row.id = `pick-${index}`;
      row.dataset.index = index;
      row.setAttribute("role", "option");
      name.textContent = request.mark + line.name;
      about.textContent = line.about;
      about.dir = "auto";
      row.append(name, about);
      return row;
    }));
    if (!lines.length) {
      const none = document.createElement("div");
      none.setAttribute("role", "option");
      none.setAttribute("aria-disabled", "true");
      none.textContent = list.dataset.none;
      list.append(none);
    }
    list.hidden = false;
    box.setAttribute("aria-autocomplete", "list");
    box.setAttribute("aria-controls", "picker");
    mark(0);
  }

  function mark(index) {
    open.at = index;
    for (const row of picker().children) {
      const isIt = Number(row.dataset.index) === index;
      row.setAttribute("aria-selected", isIt);
      if (isIt) row.scrollIntoView({ block: "nearest" });
    }
    if (open.lines.length) open.box.setAttribute("aria-activedescendant", `pick-${index}`);
  }

  function close() {
    if (!open) return;
    open.box.removeAttribute("aria-activedescendant");
    open.box.removeAttribute("aria-controls");
    picker().hidden = true;
    open = null;
  }

  // Put words in the place of what was typed for the list.
  function put(box, from, words) {
    const to = box.selectionStart;
    box.setRangeText(words, from, to, "end");
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }

  async function choose(index) {
    const { box, mark: kind, from, lines } = open, line = lines[index];
    if (!line) return close();
    close();
    if (kind === "@") return put(box, from, `@${line.name} `);
    const address = find("[data-macros]").dataset.macros;
    if (!line.says) {
      put(box, from, "");
      return htmx.ajax("POST", `${address}/macros/${line.id}`, { target: "#main", swap: "innerMorph" });
    }
    await use(box, `${address}/macros/${line.id}`, from);
  }

  async function barOf(address) {
    const response = await fetch(address, { headers: { "HX-Request": "true" } });
    return response.ok ? new DOMParser().parseFromString(await response.text(), "text/html").querySelector(".macro-bar") : null;
  }

  async function use(box, address, from) {
    const bar = await barOf(address);
    if (!bar) return;
    const text = bar.dataset.text;
    if (box.id !== "reply-text") return put(box, from, text);
    find("#macro-in").replaceChildren(document.importNode(bar, true));
    put(box, from, text);
    // The first gap that nothing is known for is selected, so that typing fills it.
    const gap = bar.dataset.left.split(" ").filter(Boolean).map((name) => box.value.indexOf(`{${name}}`, from)).find((at) => at >= 0);
    if (gap !== undefined) box.setSelectionRange(gap, box.value.indexOf("}", gap) + 1);
  }

  // From elsewhere: the macro of this id goes where the cursor is, on a line of its own.
  function begin() {
    const box = find("#as-note:checked") ? find("#note-text") : find("#reply-text");
    box.focus();
    const before = box.value.slice(0, box.selectionStart);
    put(box, box.selectionStart, before && !before.endsWith("\n") ? "\n/" : "/");
  }

  document.addEventListener("firstline:macro", async (event) => {
    const box = find("#reply-text"), link = find("[data-macros]");
    if (!box || !link) return;
    find("#as-reply").checked = true;
    box.focus();
    const from = box.selectionStart = box.selectionEnd = box.value.length;
    if (event.detail.says !== false) return use(box, `${link.dataset.macros}/macros/${event.detail.id}`, from);
    htmx.ajax("POST", `${link.dataset.macros}/macros/${event.detail.id}`, { target: "#main", swap: "innerMorph" });
  });

  // Words that came back with this window: they are still those of their macro.
  document.addEventListener("firstline:began", async ({ detail }) => {
    if (detail.macro === "0" || find("#macro-in .macro-bar")) return;
    const bar = await barOf(`${find("[data-macros]").dataset.macros}/macros/${encodeURIComponent(detail.macro)}`);
    if (bar) find("#macro-in").replaceChildren(document.importNode(bar, true));
  });

  document.addEventListener("input", (event) => {
    const box = event.target;
    if (!box.matches("#composer textarea")) return;
    look(box);
    // Nothing is left of the macro: it was not used.
    if (box.id === "reply-text" && !box.value.trim()) find("#macro-in").replaceChildren();
    const left = find("#macro-in .left");
    if (left && box.id === "reply-text") {
      for (const gap of left.querySelectorAll("code")) gap.hidden = !box.value.includes(gap.textContent);
      left.hidden = ![...left.querySelectorAll("code")].some((gap) => !gap.hidden);
    }
  });

  // Before everybody else: while the list is open its keys are not the page's.
  document.addEventListener("keydown", (event) => {
    if (!open || event.target !== open.box || event.isComposing) return;
    const count = open.lines.length;
    const deeds = {
      ArrowDown: () => count && mark((open.at + 1) % count),
      ArrowUp: () => count && mark((open.at + count - 1) % count),
      Enter: () => choose(open.at),
      Tab: () => choose(open.at),
      Escape: close,
    };
    if (!deeds[event.key] || event.ctrlKey || event.metaKey || event.shiftKey || (!count && event.key !== "Escape")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    deeds[event.key]();
  }, true);

  document.addEventListener("mousedown", (event) => {
    const row = event.target.closest("#picker [data-index]");
    if (!row || !open) return;
    event.preventDefault();
    choose(Number(row.dataset.index));
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-macros]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    begin();
  });

  document.addEventListener("focusout", (event) => { if (open && event.target === open.box) close(); });
  document.addEventListener("htmx:after:request", (event) => {
    const { sourceElement, response } = event.detail.ctx;
    if (sourceElement.id === "reply" && response && response.status < 400) find("#macro-in").replaceChildren();
  });
})();
