// Global search: a dialog with a combobox. The server sends the options as HTML; arrows move, Enter opens, Esc closes.
const dialog = document.getElementById("search-dialog");

if (dialog) {
  const box = dialog.querySelector("[role=combobox]");
  const list = dialog.querySelector("[role=listbox]");
  const count = document.getElementById("search-count");
  let timer = 0;
  let asked = 0; // answers may overtake each other; only that of the last question is shown

  const options = () => [...list.querySelectorAll("a[role=option]")];
  const current = () => list.querySelector("[aria-selected=true]");

  const select = (option) => {
    current()?.setAttribute("aria-selected", "false");
    if (!option) {
      box.removeAttribute("aria-activedescendant");
      return;
    }
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", option.id);
  };

  const show = (html) => {
    list.innerHTML = html;
    const found = options();
    box.setAttribute("aria-expanded", String(list.childElementCount > 0));
    count.textContent = box.value.trim() ? String(found.length) : "";
    select(found[0]);
  };

  const ask = async () => {
    const mine = ++asked;
    const text = box.value.trim();
    if (!text) return show("");
    const url = `${dialog.dataset.searchUrl}?q=${encodeURIComponent(text)}`;
    try {
      const answer = await fetch(url, { headers: { "HX-Request": "true" } });
      if (answer.headers.get("HX-Redirect")) location.assign(answer.headers.get("HX-Redirect"));
      else if (answer.ok && mine === asked) show(await answer.text());
    } catch {
      // No connection: Enter still opens the results page, which then says so itself.
    }
  };

  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 150);
  });

  box.addEventListener("keydown", (event) => {
    const found = options();
    const at = found.indexOf(current());
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      select(found[(at + step + found.length) % found.length]);
    } else if (event.key === "Enter" && at >= 0 && !event.isComposing) {
      event.preventDefault();
      found[at].click();
    }
  });

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (!dialog.open) dialog.showModal();
      dialog.dispatchEvent(new CustomEvent("opened"));
    }
  });
  dialog.addEventListener("opened", () => box.select());
}
