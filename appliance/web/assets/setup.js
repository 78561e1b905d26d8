// What the browser knows and the box does not: its time zone and the time. Without this the form works as well.
"use strict";
const form = document.querySelector("form");
const byId = (id) => document.getElementById(id);

const password = byId("password");
const show = byId("show");
show.hidden = false;
show.addEventListener("click", () => {
  const shown = password.type === "text";
  password.type = shown ? "password" : "text";
  show.setAttribute("aria-pressed", String(!shown));
  password.focus();
});

const device = byId("device_name");
// As core/setup_answers.py has it; what the server makes of the name is what counts.
const LETTERS = { "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "ħ": "h", "ŋ": "n" };

function hostName(name) {
  const bare = name.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");
  const letters = [...bare].map((letter) => LETTERS[letter] ?? letter).join("");
  return letters.replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "");
}

function preview() {
  const host = hostName(device.value);
  byId("becomes").textContent = host ? ` http://${host}.local` : "";
}

const zone = byId("time_zone");

function tellTime() {
  const now = new Date();
  byId("time").textContent = now.toLocaleString([], { weekday: "long", hour: "2-digit", minute: "2-digit" });
  byId("clock-line").hidden = false;
}

if (device) {
  device.addEventListener("input", preview);
  preview();
  tellTime();
  setInterval(tellTime, 20000);
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ("guess" in zone.dataset && [...zone.options].some((option) => option.value === here)) zone.value = here;
}

const finish = byId("finish");
const words = finish.textContent;

form.addEventListener("submit", () => {
  if (device) byId("clock").value = new Date().toISOString();
  // A second press would be told that somebody was quicker.
  finish.disabled = true;
  finish.textContent = finish.dataset.wait;
});

addEventListener("pageshow", () => {
  password.type = "password";
  finish.disabled = false;
  finish.textContent = words;
});
