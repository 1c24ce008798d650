// Two minutes before the session ends a dialog offers to go on, so that nothing typed is lost.
const dialog = document.getElementById("session-dialog");
const WARNING = 120; // seconds

if (dialog) {
  const idle = Math.min(Number(dialog.dataset.seconds), Number(dialog.dataset.idleSeconds));
  let timer = 0;
  const restart = () => {
    clearTimeout(timer);
    timer = setTimeout(() => dialog.open || dialog.showModal(), Math.max(0, idle - WARNING) * 1000);
  };
  dialog.querySelector("[data-continue]").addEventListener("click", async () => {
    const answer = await fetch(dialog.dataset.ping, { headers: { "HX-Request": "true" } });
    const signIn = answer.headers.get("HX-Redirect");
    if (signIn) location.assign(signIn);
    else dialog.close();
    restart();
  });
  restart();
  // Any answer of the server renewed the session.
  document.addEventListener("htmx:afterRequest", restart);
}
