// The theme changes at once; the form then saves it for the next page and for other devices.

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-theme-form] button[name=theme]");
  if (!button) return;
  event.preventDefault();
  const form = button.form;
  document.documentElement.dataset.theme = button.value;
  for (const other of form.querySelectorAll("button[name=theme]")) {
    other.setAttribute("aria-pressed", String(other === button));
  }
  document.dispatchEvent(new CustomEvent("theme-changed"));
  const body = new URLSearchParams(new FormData(form));
  body.set("theme", button.value);
  await fetch(form.action, { method: "POST", body });
});
