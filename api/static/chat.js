// The chat page: draws the talk, sends what is written, and listens for what comes.
// Everything that people wrote is put in place as text, never as HTML.

const API = "/api/v1/chat";
const LONGEST = 100_000;
const LARGEST_FILE = 20 * 1024 * 1024;
const MOST_FILES = 5;
const SILENCE_MS = 40_000; // the server speaks every 15 s, if only to say that it is there
const LONGEST_WAIT_MS = 30_000;

const at = (id) => document.getElementById(id);
const page = at("chat");
const words = JSON.parse(page.dataset.words);
const language = page.dataset.language;
const title = document.title;
const embedded = document.body.classList.contains("embedded");
const [log, scroll, text, trouble, connection] = ["log", "scroll", "text", "trouble", "connection"].map(at);

const say = (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);

// ---- what the browser remembers; a browser that may not remember still chats

const memory = new Map();
let user = null; // who is signed in on the page around us: { user, hash, account?, name? }
// Two users of one browser never read each other's talk.
const named = (key) => `firstline.${user ? `${encodeURIComponent(user.user)}.` : ""}${key}`;
const keep = {
  get(key) {
    try {
      return localStorage.getItem(named(key)) ?? memory.get(key) ?? null;
    } catch {
      return memory.get(key) ?? null;
    }
  },
  set(key, value) {
    memory.set(key, value);
    try {
      localStorage.setItem(named(key), value);
    } catch {
      // Third-party frames and private windows: memory has it until the page is closed.
    }
  },
  remove(key) {
    memory.delete(key);
    try {
      localStorage.removeItem(named(key));
    } catch {
      // As above.
    }
  },
};

// ---- talking to the server

class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status; // 0: the server was not reached
  }
  get mayPass() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

let starting = null;

function token() {
  const known = keep.get("token");
  if (known) return Promise.resolve(known);
  starting ??= startSession().finally(() => (starting = null));
  return starting;
}

async function startSession() {
  const response = await reach(`${API}/sessions`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ language }),
  });
  const made = await response.json();
  if (user) await introduce(made.token);
  keep.set("token", made.token);
  return made.token;
}

// Who the site says that this is. Where that is refused the talk goes on as a stranger's.
async function introduce(secret) {
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${secret}` };
  try {
    await reach(`${API}/user`, { method: "POST", headers, body: JSON.stringify(user) });
  } catch (error) {
    console.warn(`Firstline: ${error.message}`);
  }
}

async function reach(address, options = {}) {
  let response;
  try {
    response = await fetch(address, { credentials: "omit", cache: "no-store", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, error.message);
  }
  if (response.ok) return response;
  const told = await response.json().catch(() => ({}));
  throw new Problem(response.status, told.detail ?? "");
}

async function asVisitor(path, options = {}, isRetry = false) {
  const secret = await token();
  try {
    return await reach(API + path, { ...options, headers: { ...options.headers, Authorization: `Bearer ${secret}` } });
  } catch (error) {
    if (error.status !== 401 || isRetry) throw error;
    forgetSession(secret);
    return asVisitor(path, options, true);
  }
}

function forgetSession(secret) {
  if (keep.get("token") !== secret) return;
  keep.remove("token");
  lastId = 0;
  for (const old of log.querySelectorAll("[data-id]")) old.remove();
  notice("session_gone");
}

// ---- what comes

let lastId = 0;
let unread = 0;
let isWithPerson = false;
let listening = null;

function receive(message, isHistory = false) {
  if (message.id <= lastId && log.querySelector(`[data-id="${message.id}"]`)) return;
  lastId = Math.max(lastId, message.id);
  const own = message.client_id && log.querySelector(`[data-client-id="${CSS.escape(message.client_id)}"]`);
  if (own) settle(own, message);
  else place(draw(message), !isHistory && message.direction === "outgoing" && !atEnd());
  if (message.ticket) at("matters").hidden = false;
  if (message.direction === "outgoing") {
    isWithPerson = message.author === "agent" || message.ticket !== null;
    showTyping(false);
    if (!isHistory) countUnread();
  }
}

async function catchUp() {
  log.setAttribute("aria-live", "off");
  try {
    for (;;) {
      const response = await asVisitor(`/messages?after=${lastId}`);
      const { messages } = await response.json();
      messages.forEach((message) => receive(message, true));
      if (messages.length === 0) break;
    }
    toEnd();
  } finally {
    setTimeout(() => log.setAttribute("aria-live", "polite"), 500);
  }
}

async function listen() {
  if (listening) return;
  let failures = 0;
  for (;;) {
    if (!keep.get("token")) return;
    listening = new AbortController();
    try {
      await readStream(listening, () => {
        if (failures > 1) notice("reconnected", true);
        else if (failures === 1) notice(null);
        failures = 0;
        resend();
      });
    } catch (error) {
      if (error.status === 401) break;
    }
    failures += 1;
    if (failures > 1) notice("offline");
    await pause(Math.min(LONGEST_WAIT_MS, 500 * 2 ** failures) * (0.75 + Math.random() / 2));
  }
  listening = null;
}

async function readStream(controller, opened) {
  const secret = keep.get("token");
  let watchdog = setTimeout(() => controller.abort(), SILENCE_MS);
  try {
    const response = await reach(`${API}/stream?after=${lastId}`, {
      headers: { Authorization: `Bearer ${secret}`, Accept: "text/event-stream" },
      signal: controller.signal,
    });
    opened();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(watchdog);
      watchdog = setTimeout(() => controller.abort(), SILENCE_MS);
      const events = (rest + value).split(/\r?\n\r?\n/);
      rest = events.pop();
      events.forEach(readEvent);
    }
  } catch (error) {
    if (error.status === 401) forgetSession(secret);
    throw error;
  } finally {
    clearTimeout(watchdog);
  }
}

function readEvent(event) {
  const data = event.split(/\r?\n/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart());
  if (data.length > 0) receive(JSON.parse(data.join("\n")));
}

let wake = null;
const pause = (ms) => new Promise((done) => { wake = done; setTimeout(done, ms); });
addEventListener("online", () => wake?.());
addEventListener("offline", () => listening?.abort());
document.addEventListener("visibilitychange", () => { if (!document.hidden) { wake?.(); allRead(); } });

// ---- what is sent: one after the other, each with an id that makes sending it again harmless

const outbox = new Map(); // client id -> { text, files, node, about }
let sending = Promise.resolve();

function saveOutbox() {
  const unsent = [...outbox].filter(([, entry]) => entry.files.length === 0).map(([id, entry]) => [id, entry.text, entry.about]);
  if (unsent.length > 0) keep.set("outbox", JSON.stringify(unsent));
  else keep.remove("outbox");
}

function newId() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function send(what, files = [], clientId = newId(), ticket = null) {
  const shown = { author: "customer", direction: "incoming", text: what, at: new Date().toISOString(), buttons: [], citations: [] };
  const node = draw({ ...shown, files: files.map(({ name, size }) => ({ name, size })) });
  node.dataset.clientId = clientId;
  outbox.set(clientId, { text: what, files, node, about: ticket });
  saveOutbox();
  log.append(node);
  toEnd();
  deliver(clientId);
}

function deliver(clientId) {
  mark(clientId, "pending");
  sending = sending.then(() => attempt(clientId));
}

async function attempt(clientId) {
  const entry = outbox.get(clientId);
  if (!entry) return;
  try {
    await asVisitor("/messages", { method: "POST", ...bodyOf(entry, clientId) });
  } catch (error) {
    if (!error.mayPass) keepOut(clientId);
    entry.why = error.status === 429 ? say("too_fast") : error.mayPass ? say("failed") : sentenceFor(error);
    mark(clientId, "failed");
    return;
  }
  outbox.delete(clientId);
  saveOutbox();
  mark(clientId, "sent", entry.node);
  listen();
  if (!isWithPerson) showTyping(true);
}

// A refused message would be refused again after every reload: it stays on the page only.
function keepOut(clientId) {
  const entry = outbox.get(clientId);
  entry.isRefused = true;
  keep.remove("outbox");
}

function sentenceFor(error) {
  if (error.status === 413) return say("too_large", { name: say("file") });
  return language === "en" && error.message ? error.message : say("refused");
}

function bodyOf({ text: what, files, about: ticket }, clientId) {
  if (files.length === 0) {
    const message = { text: what, client_id: clientId, language, ...(ticket ? { about: ticket } : {}) };
    return { headers: { "Content-Type": "application/json" }, body: JSON.stringify(message) };
  }
  const form = new FormData();
  if (what) form.set("text", what);
  form.set("client_id", clientId);
  form.set("language", language);
  if (ticket) form.set("about", ticket);
  files.forEach((file) => form.append("file", file, file.name));
  return { body: form };
}

function resend() {
  for (const [clientId, entry] of outbox) {
    if (entry.node.classList.contains("failed") && !entry.isRefused) deliver(clientId);
  }
}

function mark(clientId, state, node = outbox.get(clientId)?.node) {
  if (!node) return;
  node.classList.toggle("pending", state === "pending");
  node.classList.toggle("failed", state === "failed");
  node.querySelector(".state")?.remove();
  if (state === "pending") node.append(make("p", { className: "state" }, say("sending")));
  if (state === "failed") node.append(failure(clientId));
}

function failure(clientId) {
  const again = make("button", { type: "button" }, say("retry"));
  again.onclick = () => deliver(clientId);
  const drop = make("button", { type: "button" }, say("discard"));
  drop.onclick = () => {
    outbox.get(clientId).node.remove();
    outbox.delete(clientId);
    saveOutbox();
    text.focus();
  };
  return make("p", { className: "state", role: "status" }, make("span", {}, outbox.get(clientId).why), again, drop);
}

// The server's copy of an own message: it has the id, and files that can be loaded.
function settle(node, message) {
  const fresh = draw(message);
  fresh.dataset.clientId = message.client_id;
  node.replaceWith(fresh);
  outbox.delete(message.client_id);
  saveOutbox();
  tidy();
}

async function press(message, button, node) {
  const all = [...node.parentElement.children];
  const before = all.map((each) => each.disabled);
  const isThumb = button.action.endsWith("helpful");
  const isOften = OFTEN.includes(button.action);
  if (!isOften) node.setAttribute("aria-pressed", "true");
  all.forEach((each) => {
    const isOver = each === node || !isThumb || each.dataset.action.endsWith("helpful");
    each.disabled = isOver && !isOften && !OFTEN.includes(each.dataset.action);
  });
  try {
    const body = JSON.stringify({ press: button.token, client_id: newId() });
    await asVisitor("/messages", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    listen();
    if (!isThumb) showTyping(!isWithPerson);
  } catch (error) {
    node.removeAttribute("aria-pressed");
    all.forEach((each, index) => { each.disabled = before[index]; });
    complain(error.mayPass ? say(error.status === 429 ? "too_fast" : "failed") : sentenceFor(error));
  }
}

async function download(file) {
  try {
    const response = await asVisitor(`/files/${file.id}`);
    const address = URL.createObjectURL(await response.blob());
    const link = make("a", { href: address, download: file.name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  } catch {
    complain(say("download_failed"));
  }
}

// ---- drawing

function make(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in node) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function icon(path) {
  const space = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(space, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(space, "path");
  line.setAttribute("d", path);
  drawing.append(line);
  return drawing;
}

function draw(message) {
  const who = message.direction === "incoming" ? "customer" : message.author === "agent" ? "agent" : "bot";
  const name = { customer: words.you, agent: message.name || words.agent, bot: words.bot }[who];
  const node = make("article", { className: `message ${who}` });
  if (message.id) node.dataset.id = message.id;
  node.dataset.at = message.at;
  node.append(make("h2", {}, name));
  if (who === "agent") node.append(make("p", { className: "name", "aria-hidden": "true" }, name));
  if (message.ticket) node.classList.add("ticket");
  if (message.text) node.append(bubble(message, who));
  node.append(
    ...message.citations.map(citation),
    ...(message.files ?? []).map(attachment),
    ...(message.buttons.length > 0 ? [buttons(message)] : []),
    make("time", { className: "when", dateTime: message.at }, clock(message.at)),
  );
  return node;
}

function bubble(message, who) {
  const body = make("div", { className: "bubble", dir: "auto" });
  if (message.ticket) body.append(make("span", { className: "badge" }, say("ticket", { number: message.ticket })));
  body.append(...(who === "bot" ? paragraphs(message.text) : [make("p", {}, message.text)]));
  return body;
}

// The bot's words come as plain text with numbered or dotted steps: shown as lists, which readers can count.
function paragraphs(plain) {
  const found = [];
  let list = null;
  for (const line of plain.split("\n")) {
    const step = /^(\d{1,3})[.)] (.*)$/.exec(line);
    const dot = /^[•-] (.*)$/.exec(line);
    if (step || dot) {
      const kind = step ? "OL" : "UL";
      if (list?.tagName !== kind) {
        list = make(kind);
        if (step) list.start = Number(step[1]);
        found.push(list);
      }
      list.append(make("li", {}, step ? step[2] : dot[1]));
    } else if (list && /^\s{2,}\S/.test(line)) {
      list.lastChild.append(`\n${line.trim()}`);
    } else if (line.trim() === "") {
      if (!list) found.push(null);
    } else if (!list && found.at(-1)?.tagName === "P") {
      found.at(-1).append(`\n${line}`);
    } else {
      list = null;
      found.push(make("p", {}, line));
    }
  }
  return found.filter(Boolean);
}

function citation({ title, url, quote }) {
  const cite = make("cite", {}, make("span", {}, `${say("source")} `), make("b", {}, title));
  const inside = [make("blockquote", { dir: "auto" }, quote), cite];
  const target = safeAddress(url);
  if (!target) return make("div", { className: "citation" }, ...inside);
  return make("a", { className: "citation", href: target, target: "_blank", rel: "noopener" }, ...inside);
}

function safeAddress(url) {
  try {
    const target = new URL(url, location.href);
    return ["http:", "https:"].includes(target.protocol) ? target.href : null;
  } catch {
    return null;
  }
}

function attachment(file) {
  const size = file.size < 1024 * 1024 ? `${Math.max(1, Math.round(file.size / 1024))} KB` : `${(file.size / 1024 / 1024).toFixed(1)} MB`;
  const inside = [icon("M14 3H6v18h12V7zM14 3v4h4"), make("span", { dir: "auto" }, file.name), make("small", {}, size)];
  if (!file.id) return make("div", { className: "file" }, ...inside);
  const node = make("button", { type: "button", className: "file", "aria-label": say("download_file", { name: file.name }) }, ...inside);
  node.onclick = () => download(file);
  return node;
}

const CHOICES = ["option", "none_of_these", "solved", "not_yet"];
// Buttons that may be pressed again: what they lead to depends on how the ticket is by then.
const OFTEN = ["ticket", "add_to_ticket", "close_ticket", "reopen_ticket"];

function buttons(message) {
  const isChosen = message.buttons.some((button) => button.pressed && CHOICES.includes(button.action));
  const isRated = message.buttons.some((button) => button.pressed && button.action.endsWith("helpful"));
  const row = make("div", { className: "buttons", role: "group" });
  for (const button of message.buttons) {
    const node = make("button", { type: "button" }, ...labelled(button));
    node.dataset.action = button.action;
    node.className = CHOICES.includes(button.action) ? `choice ${button.action === "option" ? "wide" : ""}` : button.action;
    const isOver = button.pressed && !OFTEN.includes(button.action);
    if (isOver) node.setAttribute("aria-pressed", "true");
    node.disabled = isOver || isChosen || (isRated && button.action.endsWith("helpful"));
    node.onclick = () => press(message, button, node);
    row.append(node);
  }
  return row;
}

// Channels that have no pictures of their own put a thumb into the label; here it is drawn, in any font.
const THUMBS = {
  helpful: "M7 11v9H4v-9zM7 11l4-8a2 2 0 0 1 2 2v4h6a1.500 1.500 0 0 1 1.500 1.800l-1.500 7.700a2 2 0 0 1-2 1.500H7",
  not_helpful: "M17 13V4h3v9zM17 13l-4 8a2 2 0 0 1-2-2v-4H5a1.500 1.500 0 0 1-1.500-1.800L5 5.500a2 2 0 0 1 2-1.500h10",
};

function labelled({ action, label }) {
  if (!THUMBS[action]) return [label];
  return [icon(THUMBS[action]), label.replace(/^\p{Extended_Pictographic}\uFE0F?\s*/u, "")];
}

const clock = (moment) => new Date(moment).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });

function place(node, isAside) {
  const waiting = log.querySelector(".pending, .failed");
  log.insertBefore(node, waiting);
  tidy();
  if (isAside) at("newest").hidden = false;
  else toEnd();
}

// A time below the last of what one person said in one go, and the day where it changes.
function tidy() {
  const all = [...log.querySelectorAll(".message")];
  for (const old of log.querySelectorAll(".day")) old.remove();
  let day = new Date().toDateString();
  all.forEach((node, index) => {
    const next = all[index + 1];
    const isLast = !next || next.className.split(" ")[1] !== node.className.split(" ")[1] || clock(next.dataset.at) !== clock(node.dataset.at);
    node.classList.toggle("last-of-run", isLast);
    if (!node.dataset.at) return;
    const date = new Date(node.dataset.at);
    if (date.toDateString() === day) return;
    day = date.toDateString();
    const isToday = day === new Date().toDateString();
    const label = isToday ? say("today") : date.toLocaleDateString(language, { weekday: "long", month: "long", day: "numeric" });
    log.insertBefore(make("p", { className: "day" }, label), node);
  });
}

const atEnd = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 160;

function toEnd() {
  at("newest").hidden = true;
  requestAnimationFrame(() => scroll.scrollTo({ top: scroll.scrollHeight }));
}

let typingTimer = 0;

function showTyping(isTyping) {
  clearTimeout(typingTimer);
  at("typing").hidden = !isTyping;
  if (!isTyping) return;
  if (atEnd()) toEnd();
  typingTimer = setTimeout(() => showTyping(false), 20_000);
}

let noticeTimer = 0;

function notice(key, isGood = false) {
  clearTimeout(noticeTimer);
  connection.hidden = key === null;
  connection.classList.toggle("good", isGood);
  connection.textContent = key === null ? "" : say(key);
  if (isGood) noticeTimer = setTimeout(() => notice(null), 4000);
}

function complain(sentence) {
  trouble.textContent = sentence;
  trouble.hidden = !sentence;
}

// ---- unread messages, in the title and at the launcher of the page around us

let isOpen = !embedded;

function countUnread() {
  if (!document.hidden && isOpen) return;
  unread += 1;
  showUnread();
}

function allRead() {
  if (document.hidden || !isOpen) return;
  unread = 0;
  showUnread();
}

function showUnread() {
  document.title = unread > 0 ? say("unread_title", { count: unread, title }) : title;
  tellParent({ unread });
}

// Only a number or a wish leaves the frame, so it may go to whatever page is allowed to show us.
const tellParent = (what) => { if (embedded && parent !== window) parent.postMessage({ firstline: what }, "*"); };

let heardOfUser = () => {};
const userAround = new Promise((done) => { heardOfUser = done; });

addEventListener("message", (event) => {
  if (event.source !== parent || parent === window || typeof event.data?.firstline?.open !== "boolean") return;
  heardOfUser(event.data.firstline.user ?? null);
  isOpen = event.data.firstline.open;
  allRead();
  if (isOpen) text.focus();
});

// ---- writing

let chosen = [];

function choose(files) {
  complain("");
  for (const file of files) {
    if (file.size > LARGEST_FILE) complain(say("too_large", { name: file.name }));
    else if (chosen.length >= MOST_FILES) complain(say("too_many_files"));
    else chosen.push(file);
  }
  showChosen();
}

function showChosen() {
  const list = at("chosen");
  list.hidden = chosen.length === 0;
  list.replaceChildren(...chosen.map((file) => {
    const remove = make("button", { type: "button", "aria-label": say("remove_file", { name: file.name }) }, icon("M6 6l12 12M18 6L6 18"));
    remove.onclick = () => {
      chosen = chosen.filter((each) => each !== file);
      showChosen();
      text.focus();
    };
    return make("li", {}, make("span", { dir: "auto" }, file.name), remove);
  }));
}

function submit() {
  const what = text.value.trim();
  if (!what && chosen.length === 0) return text.focus();
  if (what.length > LONGEST) return complain(say("too_long"));
  complain("");
  const files = chosen;
  chosen = [];
  showChosen();
  text.value = "";
  keep.remove("draft");
  fit();
  text.focus();
  send(what, files, newId(), about);
  addTo(null);
}

// ---- the visitor's own tickets: a dialogue that is fetched when it is first opened

let about = null; // the ticket that the next message is added to

function addTo(number) {
  about = number;
  at("about").hidden = number === null;
  if (number === null) return;
  at("about").firstElementChild.textContent = say("adding_to", { number });
  text.focus();
}

async function openMatters() {
  const { openTickets } = await import(page.dataset.tickets);
  await openTickets({ asVisitor, make, say, addTo, sentenceFor, language });
}

// For browsers that do not know field-sizing yet.
function fit() {
  if (CSS.supports("field-sizing", "content")) return;
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight}px`;
}

at("composer").addEventListener("submit", (event) => { event.preventDefault(); submit(); });
text.addEventListener("input", () => { keep.set("draft", text.value.slice(0, LONGEST)); fit(); });
text.addEventListener("keydown", (event) => {
  // While an input method composes (Chinese, Japanese), Enter chooses characters.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  submit();
});
text.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (files.length > 0) { event.preventDefault(); choose(files); }
});
at("files").addEventListener("change", (event) => { choose([...event.target.files]); event.target.value = ""; text.focus(); });
at("person").addEventListener("click", () => send(say("person_words")));
at("newest").addEventListener("click", toEnd);
at("matters").addEventListener("click", () => openMatters().catch(() => complain(say("failed"))));
at("about").lastElementChild.addEventListener("click", () => { addTo(null); text.focus(); });
at("close")?.addEventListener("click", () => tellParent({ close: true }));
scroll.addEventListener("scroll", () => { if (atEnd()) at("newest").hidden = true; }, { passive: true });
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !at("tickets").open) tellParent({ close: true });
});

const bringsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
addEventListener("dragover", (event) => { if (bringsFiles(event)) { event.preventDefault(); at("drop").hidden = false; } });
addEventListener("dragleave", (event) => { if (!event.relatedTarget) at("drop").hidden = true; });
addEventListener("drop", (event) => {
  if (!bringsFiles(event)) return;
  event.preventDefault();
  at("drop").hidden = true;
  choose([...event.dataTransfer.files]);
});

// ---- coming back

async function begin() {
  if ("known" in page.dataset && parent !== window) {
    user = await userAround;
    if (user && keep.get("token")) introduce(keep.get("token"));
  }
  text.value = keep.get("draft") ?? "";
  fit();
  if (!embedded && matchMedia("(pointer: fine)").matches) text.focus();
  const unsent = JSON.parse(keep.get("outbox") ?? "[]");
  if (keep.get("token")) {
    // Who is known may have tickets that this talk knows nothing of.
    if (user) at("matters").hidden = false;
    try {
      await catchUp();
    } catch {
      notice("offline");
    }
  }
  for (const [clientId, what, ticket] of unsent) {
    if (!log.querySelector(`[data-client-id="${CSS.escape(clientId)}"]`)) send(what, [], clientId, ticket);
  }
  await listen();
}

begin();
page.dataset.ready = "";
