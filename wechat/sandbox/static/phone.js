// Sends without leaving the chat, and shows what comes in meanwhile. Everything works without it, one page at a time.
"use strict";

const talk = document.querySelector("[data-base]");
const trouble = document.getElementById("trouble");
const { base, follower } = talk.dataset;
const beside = "beside" in talk.dataset;

function toTheEnd() {
  talk.scrollTop = talk.scrollHeight;
}

function leadOutside() {
  if (!beside) return;
  for (const link of talk.querySelectorAll("a[href]")) link.target = "_blank";
}

async function refresh() {
  const seen = document.getElementById("lines").dataset.count;
  const response = await fetch(`${base}lines?seen=${seen}`);
  if (response.status !== 200) return;
  talk.innerHTML = await response.text();
  leadOutside();
  toTheEnd();
}

function quietRefresh() {
  if (document.visibilityState === "visible") refresh().catch(() => {});
}

// The phone last in the hand is the one that authorises, also when several stand open beside each other.
function takeUp() {
  document.cookie = `phone=${follower}; path=/; samesite=lax`;
}

function returnTo() {
  takeUp();
  quietRefresh();
}

async function send(form, fields) {
  const sending = fetch(form.action, {
    method: "POST",
    body: new URLSearchParams(fields),
    headers: { Accept: "application/json" },
  });
  window.setTimeout(quietRefresh, 150);
  const response = await sending;
  if (!response.ok) throw new Error((await response.json()).message);
}

async function submit(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const fields = new FormData(form, event.submitter);
  const words = form.elements.content ? form.elements.content.value : "";
  form.reset();
  form.closest("details")?.removeAttribute("open");
  trouble.hidden = true;
  try {
    await send(form, fields);
  } catch (error) {
    if (form.elements.content) form.elements.content.value ||= words;
    trouble.textContent = error instanceof TypeError ? "没有发出去，模拟微信没有回应，请再试一次" : error.message;
    trouble.hidden = false;
  }
  await refresh().catch(() => {});
}

for (const form of document.querySelectorAll("form[data-quiet]")) form.addEventListener("submit", submit);
for (const occasion of ["pageshow", "focus"]) window.addEventListener(occasion, beside ? quietRefresh : returnTo);
document.addEventListener("pointerdown", takeUp, true);
document.addEventListener("keydown", takeUp, true);
talk.addEventListener("click", (event) => {
  if (event.target.closest("a[href]")) navigator.sendBeacon(`${base}opened`);
});
document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details[open]")) {
    if (!open.contains(event.target)) open.removeAttribute("open");
  }
});
window.setInterval(quietRefresh, 3000);
leadOutside();
toTheEnd();
