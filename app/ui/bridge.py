"""The JavaScript behind the page: buttons and forms in HTML become events, new turns scroll into view, files are saved.

It is one script: `BRIDGE`. Its parts are strings, because the page is handed to Gradio as strings.
"""

from .dialog import DIALOG_SCRIPT

_EVENTS = """
const TURNS = ["say", "more", "why", "retry"];
const ROOMS = { talk: "edit", save: "download", memory: "apply", shelf: "input", settings: "release" };
const busy = () => Boolean(document.querySelector('.cr-answer[aria-busy="true"]'));
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
if (window.convrecBridge) window.convrecBridge.abort();
window.convrecBridge = new AbortController();
const { signal } = window.convrecBridge;
const on = (name, handler, more = {}) => document.addEventListener(name, handler, { signal, ...more });

const toChat = () => {
  const tab = document.getElementById("cr-chat-tab-button");
  if (tab?.getAttribute("aria-selected") === "false") tab.click();
};

// Who says or presses something: what it asks for becomes the event of its room, with the fields of its form.
const act = (name, value = "", fields = {}) => {
  const turn = TURNS.includes(name);
  if (busy() && (turn || name === "undo")) return;
  if (turn || name === "talk.open" || name === "forget") { toChat(); shut(); }
  const event = turn ? "submit" : name === "talk.open" ? "select" : ROOMS[name.split(".")[0]] ?? "click";
  trigger(event, { act: name, value, fields });
};

on("click", (event) => {
  const button = event.target.closest?.("button[data-act]");
  if (!button || button.getAttribute("aria-disabled") === "true") return;
  const { act: name, value, drawer } = button.dataset;
  if (drawer) return unfold(drawer, button);
  if ("ask" in button.dataset) return ask(button);
  act(name, value);
});

on("submit", (event) => {
  const form = event.target.closest?.("form[data-act]");
  if (!form) return;
  event.preventDefault();
  act(form.dataset.act, form.dataset.value, Object.fromEntries(new FormData(form)));
});
on("change", (event) => {
  if (event.target.matches?.("[data-now]")) event.target.form?.requestSubmit();
});

on("error", (event) => {
  const picture = event.target.closest?.(".cr-picture");
  if (picture) picture.replaceChildren();
}, { capture: true });
"""

_DRAWERS = """
// On a narrow page the conversations and the panel lie behind buttons; one is open at most, and Escape closes it.
let opener = null;
const drawerOf = (name) => document.querySelector(`.cr-drawer-${name}`);
const opened = () => document.querySelector(".cr-unfolded");
const unfold = (name, button) => {
  const drawer = drawerOf(name);
  const was = drawer?.classList.contains("cr-unfolded");
  shut();
  if (!drawer || was) return;
  opener = button;
  drawer.classList.add("cr-unfolded");
  label();
  drawer.querySelector("button, a, summary, [tabindex]")?.focus();
};
const shut = () => {
  const drawer = opened();
  if (!drawer) return;
  drawer.classList.remove("cr-unfolded");
  label();
  if (drawer.contains(document.activeElement)) opener?.focus();
};
on("keydown", (event) => { if (event.key === "Escape" && opened() && !document.querySelector("dialog[open]")) shut(); });
on("pointerdown", (event) => {
  const drawer = opened();
  if (drawer && !drawer.contains(event.target) && !event.target.closest?.("[data-drawer], dialog")) shut();
});
"""

_LABELS = """
// What Gradio's own pieces do not say to screen readers, and who is told what: the log is read once it is whole.
const label = () => {
  document.querySelector(".cr-box .submit-button")?.setAttribute("aria-label", "Send");
  document.querySelector(".cr-box .stop-button")?.setAttribute("aria-label", "Stop the answer");
  const log = document.querySelector('.cr-chat [role="log"]');
  if (log && log.getAttribute("aria-live") !== "off") {
    log.setAttribute("aria-live", "off");
    log.setAttribute("aria-label", "Conversation");
    log.tabIndex = 0;
  }
  for (const button of document.querySelectorAll("[data-drawer]"))
    button.setAttribute("aria-expanded", String(Boolean(drawerOf(button.dataset.drawer)?.classList.contains("cr-unfolded"))));
};
const tell = (words) => { const place = document.querySelector(".cr-told"); if (place) place.textContent = words; };
let answering = false;
const report = () => {
  if (busy() === answering) return;
  answering = !answering;
  if (answering) return tell("Working on an answer.");
  const last = [...document.querySelectorAll(".cr-answer")].pop();
  const items = [...(last?.querySelectorAll(".cr-title") ?? [])].length;
  const said = last?.querySelector(".cr-reply, .cr-fault, .cr-stopped")?.innerText ?? "";
  tell(items ? `${said} Cards: ${items}.` : said);
};
"""

_FOLLOW = """
// What the reader unfolded stays so when the HTML around it is renewed, until another conversation is shown.
let unfolded = new WeakMap();
on("click", (event) => {
  const fold = event.target.closest?.("summary")?.parentElement;
  if (fold) unfolded.set(fold, !fold.open);
}, { capture: true });
const keepOpen = (changes) => {
  for (const { target, attributeName } of changes)
    if (attributeName === "open" && unfolded.get(target) && !target.open) target.open = true;
};

// Which conversation this browser tab shows, for when it is loaded again.
let shown = null;
const keepTalk = () => {
  const talk = document.querySelector("[data-talk]")?.dataset.talk;
  if (talk === undefined || talk === shown) return;
  if (shown !== null) unfolded = new WeakMap();
  shown = talk;
  try { talk ? sessionStorage.setItem("convrec-talk", talk) : sessionStorage.removeItem("convrec-talk"); } catch {}
};

let seen = 0;
const follow = () => {
  label();
  keepTalk();
  report();
  const said = document.querySelectorAll(".cr-chat .cr-said");
  if (said.length > seen) {
    const last = said[said.length - 1];
    requestAnimationFrame(() => {
      const log = last.closest(".panel-wrap");
      if (!log) return;
      const top = last.getBoundingClientRect().top - log.getBoundingClientRect().top + log.scrollTop - 16;
      log.scrollTo({ top, behavior: calm() ? "auto" : "smooth" });
    });
  }
  seen = said.length;
};
const watcher = new MutationObserver((changes) => { keepOpen(changes); follow(); });
const start = () => {
  const page = document.querySelector(".cr-tabs");
  if (!page) return setTimeout(start, 100);
  watcher.observe(page, { childList: true, subtree: true, attributeFilter: ["open", "aria-busy", "data-talk"] });
  follow();
};
start();
signal.addEventListener("abort", () => watcher.disconnect());
"""

BRIDGE = _EVENTS + DIALOG_SCRIPT + _DRAWERS + _LABELS + _FOLLOW

REMEMBERED = """
(user, talk, settings) => {
  let kept = "";
  try { kept = sessionStorage.getItem("convrec-talk") ?? ""; } catch {}
  return [user, kept, settings];
}
"""
"""Before the page is opened: adds the conversation that this browser tab showed last."""

SAVE = """
(file) => {
  if (!file?.text) return [];
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([file.text], { type: file.kind }));
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  return [];
}
"""
"""Saves a text as a file of the reader's; it never becomes a file of the server's."""
