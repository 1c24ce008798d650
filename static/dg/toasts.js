// What was just done is said for six seconds in a corner, then goes. Refusals are no toasts and stay where they are.
const place = document.getElementById("toasts");

for (const message of document.querySelectorAll("[data-toast]")) {
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.append(...message.childNodes);
  message.remove();
  place?.append(toast);
  setTimeout(() => toast.remove(), 6000);
}
