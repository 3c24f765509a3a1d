// The command bar: a few letters find a deed on the open ticket, a macro, a page, a ticket, a customer or an article.
"use strict";

(() => {
  const MOST = 12, PAUSE = 120;
  const find = (selector, root = document) => root.querySelector(selector);
  const bar = find("#commands"), box = find("#command"), list = find("#command-list"), said = find("#command-count");
  const { table, follow, goTo } = window.firstlineKeys;
  const here = () => location.pathname.match(/^\/console\/tickets\/\d+/)?.[0];

  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

  async function ask(address) {
    try {
      const response = await fetch(address);
      return response.ok && !response.redirected ? await response.json() : [];
    } catch {
      return [];
    }
  }

  // How well one word fits: at its beginning, at a word's beginning, anywhere, or letter by letter.
  function fits(word, text) {
    const at = text.indexOf(word);
    if (at === 0) return 4;
    if (at > 0) return /[\s:/#·-]/.test(text[at - 1]) ? 3 : 2;
    // Not with half a sentence between its letters.
    const letters = [...word].map((letter) => letter.replace(/[^\p{L}\p{N}]/u, "\\$&")).join(".{0,2}?");
    return word.length > 1 && new RegExp(letters).test(text) ? 1 : 0;
  }

  function score(asked, command) {
    let sum = 0;
    for (const word of asked) {
      const best = Math.max(...command.texts.map((text) => fits(word, text)));
      if (!best) return 0;
      sum += best;
    }
    return sum / asked.length;
  }

  const command = (words, about, run, more = {}) => ({ words, about, run, ...more, texts: [words, ...(more.also ?? [])].map(plain) });
  const go = (href) => () => location.assign(href);

  // One deed for every choice of a list: it is chosen and sent, unless the form asks for more.
  function choose(select, value) {
    goTo(select);
    select.value = value;
    const missing = [...select.form.elements].find((field) => field.willValidate && !field.checkValidity());
    if (missing) goTo(missing);
    else select.form.requestSubmit();
  }

  function choices(row) {
    const select = row.choices && find(row.choices);
    const options = select ? [...select.options].filter((option) => option.value) : [];
    return options.map((option) => {
      const words = option.textContent.trim();
      return command(`${row.words}: ${words}`, "", () => choose(find(row.choices), option.value), { also: [`${row.also} ${words}`] });
    });
  }

  function deeds() {
    const possible = table.filter((row) => row.at && find(row.at));
    return possible.flatMap((row) => [command(row.words, "", () => follow(row), { key: row.keys, also: [row.also] }), ...choices(row)]);
  }

  // Whoever keeps the reply box puts the words in.
  const pick = ({ id, says }) => document.dispatchEvent(new CustomEvent("firstline:macro", { detail: { id, says } }));

  async function macros() {
    if (!here() || !find("#composer")) return [];
    const lines = await ask(`${here()}/macros.json`);
    return lines.map((one) => command(`/${one.name}`, one.about || bar.dataset.macro, () => pick(one), { also: [one.about, bar.dataset.macro] }));
  }

  let pages = null, known = [], found = [], shown = [], chosen = 0, turn = 0, timer = 0;

  async function load() {
    const mine = ++turn;
    known = [...deeds(), ...(pages ?? [])];
    render();
    const [had, some] = await Promise.all([
      pages ?? ask("/console/commands").then((lines) => lines.map((one) => command(one.words, bar.dataset.page, go(one.href), one))),
      macros(),
    ]);
    if (had.length) pages = had;
    if (mine !== turn || !bar.open) return;
    known = [...deeds(), ...some, ...had];
    render();
  }

  function matching(asked) {
    const isMacro = asked.startsWith("/"), number = asked.match(/^#?(\d{1,15})$/)?.[1];
    const among = known.filter((one) => !isMacro || one.words.startsWith("/"));
    if (!asked) return among;
    const words = plain(asked).split(/\s+/).filter(Boolean);
    const best = among.map((one) => [score(words, one), one]).filter(([points]) => points > 0);
    best.sort((one, other) => other[0] - one[0]);
    // Letter by letter is for what fits nowhere else.
    const least = best[0]?.[0] >= 2 ? 1.5 : 0;
    const ticket = number ? [command(`#${number}`, bar.dataset.ticket, go(`/console/tickets/${number}`))] : [];
    return [...ticket, ...best.filter(([points]) => points > least).map(([, one]) => one)];
  }

  // A name of two languages beside each other; the text of anybody is text.
  function line(one, index) {
    const row = document.createElement("li");
    row.id = `command-${index}`;
    row.role = "option";
    row.ariaSelected = String(index === chosen);
    for (const [tag, words] of [["span", one.words], ["small", one.about], ["kbd", one.key]]) {
      if (!words) continue;
      const part = row.appendChild(document.createElement(tag));
      part.dir = "auto";
      part.textContent = words;
    }
    return row;
  }

  function render() {
    const asked = box.value.trim();
    shown = [...matching(asked).slice(0, found.length ? MOST - 4 : MOST), ...found].slice(0, MOST + 4);
    chosen = Math.min(chosen, Math.max(0, shown.length - 1));
    list.replaceChildren(...shown.map(line));
    said.textContent = shown.length ? bar.dataset.found.replace("%", shown.length) : bar.dataset.none;
    mark();
  }

  function mark() {
    for (const [index, row] of [...list.children].entries()) row.ariaSelected = String(index === chosen);
    const row = list.children[chosen];
    box.setAttribute("aria-activedescendant", row?.id ?? "");
    row?.scrollIntoView({ block: "nearest" });
  }

  async function look() {
    const asked = box.value.trim();
    const lines = asked && !asked.startsWith("/") ? await ask(`/console/found?${new URLSearchParams({ q: asked })}`) : [];
    if (asked !== box.value.trim()) return;
    found = lines.map((one) => command(one.words, one.about, go(one.href)));
    render();
  }

  function open(begun) {
    if (!bar.open) bar.showModal();
    box.value = begun;
    box.focus();
    chosen = 0;
    found = [];
    load();
  }

  function run(index) {
    const one = shown[index];
    if (!one) return;
    bar.close();
    // The dialog gives the focus back to where it was; the deed may want it elsewhere.
    setTimeout(one.run);
  }

  const steps = { ArrowDown: 1, ArrowUp: -1 };
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (steps[event.key] && shown.length) {
      event.preventDefault();
      chosen = (chosen + steps[event.key] + shown.length) % shown.length;
      mark();
    }
    if (event.key === "Enter") { event.preventDefault(); run(chosen); }
  });
  box.addEventListener("input", () => {
    chosen = 0;
    found = [];
    render();
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE);
  });
  list.addEventListener("click", (event) => {
    const row = event.target.closest("li");
    if (row) run([...list.children].indexOf(row));
  });
  bar.addEventListener("click", (event) => { if (event.target === bar) bar.close(); });
  document.addEventListener("commands", (event) => open(event.detail));
})();
