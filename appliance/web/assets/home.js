// Keeps the library's numbers fresh: every 2 seconds while a scan runs, every 20 otherwise, never in a hidden tab.
"use strict";
const now = document.getElementById("now");

async function refresh() {
  if (!document.hidden) {
    try {
      const answer = await fetch("/now", { cache: "no-store" });
      const fresh = await answer.text();
      if (fresh.trim() !== now.dataset.last) {
        now.innerHTML = fresh;
        now.dataset.last = fresh.trim();
      }
    } catch {
      // The server is being restarted; what is shown stays.
    }
  }
  plan();
}

function plan() {
  setTimeout(refresh, now.querySelector("[data-running]") ? 2000 : 20000);
}

document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
plan();
