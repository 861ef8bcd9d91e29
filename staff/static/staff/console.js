// A form that was sent is not sent again while the answer is on its way; coming back to the page frees it.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  if (form.method === "post" && !event.defaultPrevented) {
    form.dataset.sent = "1";
    form.setAttribute("aria-busy", "true");
  }
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }
});

// htmx leaves the page as it is when an answer is an error; what was meant to change something has to say so.
function sayThatItFailed(event) {
  if (event.detail.requestConfig.verb === "get") return;
  const line = document.createElement("p");
  line.className = "message message-error";
  line.setAttribute("role", "alert");
  line.textContent = "没有办成，请刷新页面后再试。";
  document.querySelector("main .heading").after(line);
}
document.addEventListener("htmx:responseError", sayThatItFailed);
document.addEventListener("htmx:sendError", sayThatItFailed);

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});

// What was typed into a form marked data-keep outlives a session that has ended: it is kept in this tab when the form
// is sent, and put back on the same page once somebody of the same name has signed in again. Passwords, files and
// hidden fields are never kept. Whatever page of the console comes instead shows that the form got through.
const DRAFT = "draft:";
const kept = (form) => [...form.elements].filter(
  (field) => field.name && !["password", "file", "hidden", "submit", "button"].includes(field.type),
);
const keeping = () => [...document.querySelectorAll("form[data-keep]")];
const draftName = (form) => `${DRAFT}${location.pathname} ${keeping().indexOf(form)}`;
const drafts = () => Object.keys(sessionStorage).filter((name) => name.startsWith(DRAFT));

function keepDraft(form) {
  const values = kept(form).map((field) => [field.name, field.value, Boolean(field.checked)]);
  try {
    sessionStorage.setItem(draftName(form), JSON.stringify({ who: document.body.dataset.who, values }));
  } catch {
    // No room: the form is sent all the same.
  }
}

function restoreDraft(form) {
  const draft = JSON.parse(sessionStorage.getItem(draftName(form)) || "null");
  if (!draft?.lost || draft.who !== document.body.dataset.who) return;
  const left = [...draft.values];
  for (const field of kept(form)) {
    const toggled = field.type === "checkbox" || field.type === "radio";
    const place = left.findIndex(([name, value]) => name === field.name && (!toggled || value === field.value));
    if (place < 0) continue;
    const [[, value, checked]] = left.splice(place, 1);
    if (toggled) field.checked = checked;
    else field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  const line = document.createElement("p");
  line.className = "message message-warning";
  line.setAttribute("role", "status");
  line.textContent = "已恢复您刚才填写的内容，还没有提交，请核对后再提交一次。";
  form.before(line);
}

document.addEventListener("submit", (event) => {
  if (event.target.matches("form[data-keep]")) keepDraft(event.target);
}, true);

document.addEventListener("DOMContentLoaded", () => {
  const lost = document.querySelector("[data-lost]");
  if (lost) {
    for (const name of drafts()) {
      sessionStorage.setItem(name, JSON.stringify({ ...JSON.parse(sessionStorage.getItem(name)), lost: true }));
    }
    if (drafts().length) lost.textContent = lost.dataset.lost;
  } else if (document.body.matches(".console")) {
    keeping().forEach(restoreDraft);
    for (const name of drafts()) {
      const here = name.startsWith(`${DRAFT}${location.pathname} `);
      const { lost: ended, who } = JSON.parse(sessionStorage.getItem(name));
      if (here || !ended || who !== document.body.dataset.who) sessionStorage.removeItem(name);
    }
  }
});
