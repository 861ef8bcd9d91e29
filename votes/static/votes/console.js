// Ticks for a whole page of candidates, and how many are ticked; the table may be fetched anew at any time.
const ticksOf = (form) => [...form.querySelectorAll('[name="numbers"]')];

function tell(form) {
  const all = form.querySelector("[data-tick-all]");
  if (!all) return;
  const ticks = ticksOf(form);
  const ticked = ticks.filter((tick) => tick.checked).length;
  all.checked = ticked > 0 && ticked === ticks.length;
  all.indeterminate = ticked > 0 && ticked < ticks.length;
  form.querySelector("[data-ticked]").textContent = ticked ? `已勾选${ticked}名` : "";
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-ticks]");
  if (!form) return;
  if (event.target.matches("[data-tick-all]")) {
    for (const tick of ticksOf(form)) tick.checked = event.target.checked;
  }
  tell(form);
});
const tellAll = () => document.querySelectorAll("form[data-ticks]").forEach(tell);
document.addEventListener("htmx:afterSettle", tellAll);
tellAll();
