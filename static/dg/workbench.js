// The matching workbench by keyboard: j and k walk the queue, a r n decide, x ticks, u undoes, ? shows the keys.
// Keys are heard only while the focus is inside the workbench and in no field, so they get in nobody's way (WCAG 2.1.4).

const KEPT = "workbench-row";
const bench = () => document.querySelector("[data-workbench]");
const rows = () => [...bench().querySelectorAll("#list-results tbody tr")];
let at = 0;

const mark = (index) => {
  const all = rows();
  if (!all.length) return null;
  at = Math.max(0, Math.min(index, all.length - 1));
  for (const row of all) row.classList.toggle("is-current", row === all[at]);
  return all[at];
};

const show = (index) => {
  const link = mark(index)?.querySelector("a[data-inspect]");
  if (!link) return;
  link.focus();
  link.click();
};

const press = (selector) => {
  const button = rows()[at]?.querySelector(selector);
  if (!button) return;
  sessionStorage.setItem(KEPT, at);
  button.click();
};

const KEYS = {
  j: () => show(at + 1),
  k: () => show(at - 1),
  a: () => press("[data-act=accept]"),
  r: () => press("[data-act=reject]"),
  n: () => press("[data-act=none]"),
  x: () => rows()[at]?.querySelector("[name=selected][type=checkbox]")?.click(),
  u: () => {
    sessionStorage.setItem(KEPT, at);
    document.querySelector("[data-undo]")?.click();
  },
  "?": () => document.querySelector("[data-opens=keys]")?.click(),
};

document.addEventListener("keydown", (event) => {
  const act = KEYS[event.key];
  if (!act || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (!bench()?.contains(event.target) || document.querySelector("dialog[open]")) return;
  if (event.target.matches("input:not([type=checkbox]), select, textarea")) return;
  event.preventDefault();
  act();
});

// A row that was opened by the mouse is the one that keys go on from.
document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-workbench] #list-results tbody tr");
  if (row) at = rows().indexOf(row);
});

// After a decision the page comes again: go on where the list was left.
const kept = bench() && sessionStorage.getItem(KEPT);
if (kept) {
  sessionStorage.removeItem(KEPT);
  const row = mark(Number(kept));
  row?.querySelector("a[data-inspect]")?.focus();
  if (window.matchMedia("(min-width: 1440px)").matches) row?.querySelector("a[data-inspect]")?.click();
} else if (bench()) {
  const inspected = new URLSearchParams(location.search).get("inspect");
  const open = rows().findIndex((row) => inspected && row.querySelector(`[name=selected][value="${CSS.escape(inspected)}"]`));
  mark(Math.max(0, open))?.querySelector("a[data-inspect]")?.focus();
}
