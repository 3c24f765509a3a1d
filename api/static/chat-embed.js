// Puts the chat on another site: <script src="https://support.example/chat.js" async></script>
// Options: data-language="zh", data-label="Chat with us", data-position="left". The site must be in FIRSTLINE_CHAT_ORIGINS.
// Who is signed in: data-user="their id", data-user-hash="…" (signed by the site's server), data-account, data-name.
(() => {
  "use strict";
  const script = document.currentScript;
  if (!script || window.firstlineChat) return;
  window.firstlineChat = true;

  const origin = new URL(script.src).origin;
  const language = script.dataset.language || document.documentElement.lang || navigator.language || "en";
  const isChinese = language.toLowerCase().startsWith("zh");
  const label = script.dataset.label || (isChinese ? "联系客服" : "Chat with support");
  const side = script.dataset.position === "left" ? "left" : "right";

  const { user, userHash, account, name } = script.dataset;
  const signedIn = user && userHash ? { user, hash: userHash, ...(account && { account }), ...(name && { name }) } : null;

  const SHEET = `
    :host { all: initial; position: fixed; ${side}: 20px; bottom: 20px; z-index: 2147483000; font: 16px/1.4 system-ui, sans-serif; }
    button { position: relative; display: grid; place-items: center; width: 60px; height: 60px; padding: 0; border: 0; border-radius: 50%;
      background: #0d6b62; color: #fff; box-shadow: 0 6px 24px rgb(0 0 0 / 25%); cursor: pointer; }
    button:hover { background: #09554e; }
    button:focus-visible { outline: 3px solid #1d7fe0; outline-offset: 3px; }
    svg { width: 28px; height: 28px; fill: none; stroke: currentcolor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
    .count { position: absolute; top: -4px; right: -4px; min-width: 22px; padding: 0 6px; border-radius: 11px; background: #a62b1f;
      font-size: 13px; font-weight: 600; line-height: 22px; text-align: center; box-sizing: border-box; }
    .count[hidden], iframe[hidden] { display: none; }
    iframe { position: fixed; ${side}: 20px; bottom: 92px; width: min(400px, calc(100vw - 40px)); height: min(640px, calc(100dvh - 112px));
      border: 0; border-radius: 18px; background: #fff; box-shadow: 0 12px 48px rgb(0 0 0 / 28%); color-scheme: normal; }
    @media (max-width: 480px) {
      iframe { inset: 0; width: 100vw; height: 100dvh; border-radius: 0; }
      :host(.open) button { display: none; }
    }`;

  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  // A constructed sheet: the site's own Content-Security-Policy may forbid inline styles.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(SHEET);
  root.adoptedStyleSheets = [sheet];

  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-label", label);
  button.setAttribute("aria-expanded", "false");
  button.title = label;
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", "M4 6.5A2.500 2.500 0 0 1 6.500 4h11A2.500 2.500 0 0 1 20 6.500v7a2.500 2.500 0 0 1-2.500 2.500H11l-5 4v-4.100A2.500 2.500 0 0 1 4 13.500z");
  drawing.append(line);
  const count = document.createElement("span");
  count.className = "count";
  count.hidden = true;
  button.append(drawing, count);
  root.append(button);

  let frame = null;
  let isLoaded = false;
  const isOpen = () => frame !== null && !frame.hidden;
  const tell = () => { if (isLoaded) frame.contentWindow?.postMessage({ firstline: { open: isOpen(), user: signedIn } }, origin); };

  function open() {
    if (frame === null) {
      frame = document.createElement("iframe");
      frame.title = label;
      frame.src = `${origin}/?embed=1&lang=${isChinese ? "zh" : "en"}${signedIn ? "&known=1" : ""}`;
      frame.addEventListener("load", () => { isLoaded = true; tell(); });
      root.insertBefore(frame, button);
    }
    frame.hidden = false;
    show();
    frame.focus();
  }

  function close() {
    frame.hidden = true;
    show();
    button.focus();
  }

  function show() {
    host.classList.toggle("open", isOpen());
    button.setAttribute("aria-expanded", String(isOpen()));
    tell();
  }

  button.addEventListener("click", () => (isOpen() ? close() : open()));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && isOpen()) close(); });
  addEventListener("message", (event) => {
    if (frame === null || event.source !== frame.contentWindow || event.origin !== origin) return;
    const told = event.data?.firstline ?? {};
    if (told.close && isOpen()) close();
    if (Number.isInteger(told.unread)) {
      count.textContent = told.unread > 99 ? "99+" : String(told.unread);
      count.hidden = told.unread === 0;
      button.setAttribute("aria-label", told.unread > 0 ? `${label} (${told.unread})` : label);
    }
  });

  const begin = () => document.body.append(host);
  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);
})();
