// Ticks for a whole page of candidates, how many are ticked, and photos that go on part by part.
for (const form of document.querySelectorAll("form[data-ticks]")) {
  const all = form.querySelector("[data-tick-all]");
  const ticks = [...form.querySelectorAll('[name="numbers"]')];
  const told = form.querySelector("[data-ticked]");
  const tell = () => {
    const ticked = ticks.filter((tick) => tick.checked).length;
    all.checked = ticked > 0 && ticked === ticks.length;
    all.indeterminate = ticked > 0 && ticked < ticks.length;
    told.textContent = ticked ? `已勾选${ticked}名` : "";
  };
  if (all) {
    all.addEventListener("change", () => {
      for (const tick of ticks) tick.checked = all.checked;
      tell();
    });
    form.addEventListener("change", tell);
    tell();
  }
}
for (const form of document.querySelectorAll("form[data-goes-on]")) {
  form.requestSubmit();
}
