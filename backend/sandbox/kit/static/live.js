// Replaces the page's live parts when the server's have changed. Forms are no live parts, so typing is never disturbed.
"use strict";

const PAUSE_MS = 1000;

async function look() {
  if (document.hidden) return;
  const answer = await fetch(location.href);
  const now = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = now.getElementById(part.id);
    if (next && next.outerHTML !== part.outerHTML) part.replaceWith(next);
  }
}

// `gone`: the emulator has stopped. The stylesheet then shows it.
async function watch() {
  document.body.dataset.gone = await look().then(() => "", () => "yes");
  setTimeout(watch, PAUSE_MS);
}

watch();
