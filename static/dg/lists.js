// Row selection: the bar appears with the first ticked row and says how many are ticked.

const refresh = (form) => {
  const boxes = [...form.querySelectorAll("[name=selected][type=checkbox]")];
  const ticked = boxes.filter((box) => box.checked).length;
  const all = form.querySelector("[data-select-page]");
  const bar = form.querySelector("[data-selection-bar]");
  all.checked = ticked === boxes.length;
  all.indeterminate = ticked > 0 && ticked < boxes.length;
  bar.hidden = ticked === 0;
  bar.querySelector("[data-selection-count]").textContent = ticked;
  for (const box of boxes) box.closest("tr").toggleAttribute("aria-selected", box.checked);
  for (const row of form.querySelectorAll("tr[aria-selected]")) row.setAttribute("aria-selected", "true");
};

document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-selection]");
  if (!form) return;
  if (event.target.matches("[data-select-page]")) {
    for (const box of form.querySelectorAll("[name=selected][type=checkbox]")) box.checked = event.target.checked;
  }
  refresh(form);
});

const start = (root) => root.querySelectorAll("[data-selection]").forEach(refresh);
start(document);
document.addEventListener("htmx:afterSettle", (event) => start(event.target.parentNode ?? document));
