"""The few lines of JavaScript behind the page: buttons in HTML become events, and new turns scroll into view."""

BRIDGE = """
const TURNS = ["say", "more", "why", "retry"];
const busy = () => Boolean(document.querySelector('.cr-answer[aria-busy="true"]'));
if (window.convrecBridge) window.convrecBridge.abort();
window.convrecBridge = new AbortController();
const { signal } = window.convrecBridge;

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button[data-act]");
  if (!button || button.getAttribute("aria-disabled") === "true") return;
  const { act, value } = button.dataset;
  if (act === "panel") {
    document.querySelector(".cr-side").classList.toggle("cr-open");
    return label();
  }
  const turn = TURNS.includes(act);
  if (busy() && (turn || act === "undo")) return;
  trigger(turn ? "submit" : "click", { act, value });
}, { signal });

document.addEventListener("error", (event) => {
  const picture = event.target.closest?.(".cr-picture");
  if (picture) picture.replaceChildren();
}, { signal, capture: true });

const label = () => {
  document.querySelector(".cr-box .submit-button")?.setAttribute("aria-label", "Send");
  document.querySelector(".cr-box .stop-button")?.setAttribute("aria-label", "Stop the answer");
  const open = document.querySelector(".cr-side")?.classList.contains("cr-open");
  document.querySelector(".cr-toggle")?.setAttribute("aria-expanded", String(Boolean(open)));
};

// What the reader unfolded stays so when the HTML around it is renewed.
const unfolded = new WeakMap();
document.addEventListener("click", (event) => {
  const fold = event.target.closest?.("summary")?.parentElement;
  if (fold) unfolded.set(fold, !fold.open);
}, { signal, capture: true });
const keepOpen = (changes) => {
  for (const { target, attributeName } of changes)
    if (attributeName === "open" && unfolded.get(target) && !target.open) target.open = true;
};

let seen = 0;
const follow = () => {
  label();
  const said = document.querySelectorAll(".cr-chat .cr-said");
  if (said.length > seen) {
    const last = said[said.length - 1];
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    requestAnimationFrame(() => {
      const log = last.closest(".panel-wrap");
      if (!log) return;
      const top = last.getBoundingClientRect().top - log.getBoundingClientRect().top + log.scrollTop - 16;
      log.scrollTo({ top, behavior: calm ? "auto" : "smooth" });
    });
  }
  seen = said.length;
};
const watcher = new MutationObserver((changes) => { keepOpen(changes); follow(); });
const start = () => {
  const page = document.querySelector(".cr-main");
  if (!page) return setTimeout(start, 100);
  watcher.observe(page, { childList: true, subtree: true, attributeFilter: ["open"] });
  follow();
};
start();
signal.addEventListener("abort", () => watcher.disconnect());
"""
