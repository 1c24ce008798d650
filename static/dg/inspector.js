// The inspector beside a list: rows marked data-inspect load it without leaving the page, Esc closes it.

const mark = (row) => {
  row.closest("tbody").querySelector(".is-current")?.classList.remove("is-current");
  row.classList.add("is-current");
};

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-inspect]");
  const pane = document.getElementById("inspector");
  if (!link || !pane || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const row = link.closest("tr");
  window.htmx.ajax("GET", link.href, { target: "#inspector", swap: "innerHTML" }).then(() => {
    history.replaceState(null, "", link.href);
    pane.classList.remove("inspector--empty");
    if (row) mark(row);
  });
});

const close = () => {
  const pane = document.getElementById("inspector");
  const link = pane?.querySelector("[data-close-inspector]");
  if (!link) return false;
  history.replaceState(null, "", link.href);
  pane.classList.add("inspector--empty");
  pane.replaceChildren();
  const row = document.querySelector("tr.is-current");
  row?.classList.remove("is-current");
  row?.querySelector("a[data-inspect]")?.focus();
  return true;
};

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close-inspector]") && close()) event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) close();
});
