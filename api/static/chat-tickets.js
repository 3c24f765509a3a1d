// The visitor's own tickets: how they stand, what is promised next, and what can be done about it.
// Fetched when it is first opened; everything that people wrote is put in place as text, never as HTML.

const at = (id) => document.getElementById(id);
const [dialog, list, told, trouble, mail, address] =
  ["tickets", "tickets-list", "tickets-told", "tickets-trouble", "mail", "mail-address"].map(at);

let chat = null; // what the chat lends: { asVisitor, make, say, addTo, sentenceFor, language }

export async function openTickets(lent) {
  if (chat === null) {
    chat = lent;
    listen();
  }
  complain("");
  told.textContent = "";
  await show();
  dialog.showModal();
}

function listen() {
  at("tickets-close").addEventListener("click", () => dialog.close());
  // A press beside the window closes it; Escape does by itself.
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  mail.addEventListener("submit", (event) => { event.preventDefault(); saveAddress(); });
  at("mail-forget").addEventListener("click", forgetAddress);
}

const query = () => `language=${encodeURIComponent(chat.language)}`;

async function ask(path, method = "GET", body = null) {
  const what = body === null ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  return chat.asVisitor(path, { method, ...what });
}

async function show() {
  const found = await (await ask(`/tickets?${query()}`)).json();
  list.replaceChildren(...found.tickets.map(draw));
  told.textContent = found.tickets.length === 0 ? chat.say("no_tickets") : told.textContent;
  showMail(found.mail);
}

function draw(ticket) {
  const { make, say } = chat;
  const title = make("h3", {}, make("b", {}, `#${ticket.number}`), " ", make("span", { dir: "auto" }, ticket.subject));
  const since = new Date(ticket.at).toLocaleDateString(chat.language, { day: "numeric", month: "long" });
  const lines = [`${ticket.words} · ${say("since", { day: since })}`, ticket.promise].filter(Boolean);
  const row = make("div", { className: "buttons" }, ...ticket.may.filter((deed) => deed !== "csat").map((deed) => button(ticket, deed)));
  const item = make("li", {}, title, ...lines.map((line) => make("p", {}, line)), row);
  item.dataset.number = ticket.number;
  if (ticket.status === "resolved" || ticket.status === "closed") item.append(rating(ticket));
  return item;
}

function button(ticket, deed) {
  const { number } = ticket;
  const [label, press] = {
    add_to_ticket: [chat.say("add_to_ticket"), () => add(number)],
    close_ticket: [chat.say("close_ticket"), () => act(number, "close", chat.say("ticket_closed", { number }))],
    reopen_ticket: [chat.say("reopen_ticket"), () => act(number, "reopen", chat.say("ticket_open", { number }))],
  }[deed];
  const node = chat.make("button", { type: "button" }, label);
  node.setAttribute("aria-label", chat.say("deed_of", { deed: label, number }));
  node.onclick = press;
  return node;
}

function add(number) {
  dialog.close();
  chat.addTo(number);
}

function rating(ticket) {
  const { make, say } = chat;
  const group = make("fieldset", { className: "rating" }, make("legend", {}, say("rate", { number: ticket.number })));
  for (let score = 1; score <= 5; score += 1) {
    const node = make("button", { type: "button", "aria-pressed": String(ticket.score === score) }, String(score));
    node.onclick = () => act(ticket.number, "rating", say("rated", { number: ticket.number, score }), { score });
    group.append(node);
  }
  return group;
}

async function act(number, deed, sentence, body = {}) {
  complain("");
  try {
    const response = await ask(`/tickets/${number}/${deed}?${query()}`, "POST", body);
    const fresh = draw(await response.json());
    list.querySelector(`[data-number="${number}"]`).replaceWith(fresh);
    told.textContent = sentence;
    // What was pressed is gone: whoever uses a keyboard goes on at the same ticket.
    (fresh.querySelector("[aria-pressed=true]") ?? fresh.querySelector("button"))?.focus();
  } catch (error) {
    complain(error.mayPass ? chat.say("failed") : chat.sentenceFor(error));
  }
}

function showMail({ can_mail: canMail, address: known }) {
  mail.hidden = !canMail;
  address.value = known ?? "";
  at("mail-forget").hidden = known === null;
}

async function saveAddress() {
  await setMail("PUT", { address: address.value.trim() }, (known) => chat.say("mail_saved", { address: known }));
}

async function forgetAddress() {
  await setMail("DELETE", null, () => chat.say("mail_forgotten"));
  address.focus();
}

async function setMail(method, body, sentence) {
  complain("");
  try {
    const response = await ask("/email", method, body);
    const known = response.status === 204 ? null : (await response.json()).address;
    showMail({ can_mail: true, address: known });
    told.textContent = sentence(known);
  } catch (error) {
    complain(error.status === 422 ? chat.say("mail_refused") : chat.say("failed"));
  }
}

function complain(sentence) {
  trouble.textContent = sentence;
  trouble.hidden = !sentence;
}
