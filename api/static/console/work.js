// Calls somebody who looks elsewhere: the title and the icon say how much waits; a notification and a sound, where they asked for them.
"use strict";

(() => {
  const POLL = 30000, SOON = 1500, MOST = 3;
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("firstline") : null;
  const canNotify = "Notification" in window;

  // What this browser's person chose, and how far they were told. A browser that keeps nothing forgets it.
  const kept = (name) => { try { return localStorage.getItem(`firstline.${name}`); } catch { return null; } };
  const keep = (name, value) => { try { localStorage.setItem(`firstline.${name}`, value); } catch { /* forgotten */ } };
  const wants = (name) => kept(name) === "on" && (name !== "notify" || (canNotify && Notification.permission === "granted"));

  // The icon follows the title, which htmx changes as well.
  function paint() {
    const icon = document.querySelector("#icon");
    const wanted = /^\(\d+\) /.test(document.title) ? icon.dataset.new : icon.dataset.still;
    if (icon.getAttribute("href") !== wanted) icon.href = wanted;
  }

  function show(count) {
    const bare = document.title.replace(/^\(\d+\) /, ""), title = count ? `(${count}) ${bare}` : bare;
    if (title !== document.title) document.title = title;
    paint();
    document.body.dispatchEvent(new Event("work"));
  }

  // One window of the browser listens for all of them.
  let line = null, soon = 0, after = 0, isLooking = false;

  async function look() {
    if (isLooking) return;
    isLooking = true;
    await ask().catch(() => { /* Asked again soon. */ });
    isLooking = false;
  }

  async function ask() {
    const response = await fetch(`/console/work?after=${after}`);
    if (!response.ok || response.redirected) return;
    const found = await response.json();
    show(found.count);
    channel?.postMessage({ count: found.count });
    if (found.calls.length && !(await isLookedAt())) call(found.calls);
    // Last: a window that is closed meanwhile leaves the calls to the next.
    after = found.change;
    keep("after", after);
    if (line.readyState === EventSource.CLOSED) listen();
  }

  function listen() {
    const later = () => { soon ||= setTimeout(() => { soon = 0; look(); }, SOON); };
    line = new EventSource("/console/stream");
    line.addEventListener("desk", later);
    line.addEventListener("open", later);
  }

  function lead() {
    after = Number(kept("after")) || 0;
    listen();
    setInterval(look, POLL);
    return new Promise(() => {});
  }

  const hasEyes = () => !document.hidden && document.hasFocus();

  function isLookedAt() {
    if (hasEyes() || !channel) return Promise.resolve(hasEyes());
    return new Promise((done) => {
      const answer = (event) => { if (event.data.looks) end(true); };
      const end = (found) => { channel.removeEventListener("message", answer); done(found); };
      channel.addEventListener("message", answer);
      channel.postMessage({ asks: true });
      setTimeout(() => end(false), 200);
    });
  }

  function call(calls) {
    if (wants("sound")) sound();
    if (wants("notify")) for (const one of calls.slice(0, MOST)) notify(one);
  }

  function notify({ title, body, href }) {
    try {
      const shown = new Notification(title, { body, tag: href });
      shown.onclick = () => {
        window.focus();
        shown.close();
        if ([...document.querySelectorAll("#composer textarea")].some((box) => box.value.trim())) window.open(href);
        else location.assign(href);
      };
    } catch { /* Some phones have notifications for installed pages only. */ }
  }

  function sound() {
    const audio = new AudioContext(), tone = audio.createOscillator(), volume = audio.createGain();
    volume.gain.setValueAtTime(0.08, audio.currentTime);
    volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.4);
    tone.frequency.value = 740;
    tone.connect(volume).connect(audio.destination);
    tone.onended = () => audio.close();
    tone.start();
    tone.stop(audio.currentTime + 0.4);
  }

  // The buttons. Nothing is asked of the browser until one is pressed.
  function showChoices() {
    for (const group of document.querySelectorAll(".calling")) {
      group.hidden = false;
      for (const button of group.querySelectorAll("button")) button.setAttribute("aria-pressed", wants(button.dataset.calling));
      group.querySelector("[data-calling=notify]").hidden = !canNotify;
      group.querySelector("[data-calling=blocked]").hidden = !canNotify || Notification.permission !== "denied";
    }
  }

  async function choose(button) {
    const name = button.dataset.calling, isOn = !wants(name);
    if (name === "notify" && isOn) await Notification.requestPermission();
    keep(name, isOn ? "on" : "off");
    showChoices();
    if (!wants(name)) return;
    if (name === "sound") sound();
    else notify({ title: button.dataset.title, body: button.dataset.body, href: "/console" });
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-calling]");
    if (button) choose(button);
  });
  document.addEventListener("htmx:after:settle", paint);
  channel?.addEventListener("message", (event) => {
    if (event.data.asks && hasEyes()) channel.postMessage({ looks: true });
    if ("count" in event.data) show(event.data.count);
  });
  showChoices();
  // Without a safe connection browsers have no locks: then every window listens for itself.
  if (navigator.locks) navigator.locks.request("firstline.work", lead);
  else lead();
})();
