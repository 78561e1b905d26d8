// Keeps the library's numbers fresh: every 2 seconds while a scan runs, every 20 otherwise, never in a hidden tab.
"use strict";
const now = document.getElementById("now");
let shown = now.innerHTML.trim();
let next;

async function refresh() {
  if (!document.hidden) {
    try {
      const answer = await fetch("/now", { cache: "no-store" });
      // 503 is this page as well: it says that the database does not answer.
      if (answer.ok || answer.status === 503) show((await answer.text()).trim());
    } catch {
      // The server is being restarted; what is shown stays.
    }
  }
  plan();
}

function show(fresh) {
  if (fresh === shown) return;
  shown = fresh;
  // A screen reader is told how a scan ended, and not each of its files.
  now.setAttribute("aria-live", fresh.includes("data-running") ? "off" : "polite");
  now.innerHTML = fresh;
}

function plan() {
  clearTimeout(next);
  next = setTimeout(refresh, now.querySelector("[data-running]") ? 2000 : 20000);
}

document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
plan();
