// What pages do a little better with JavaScript: apply filters at once, copy, say when something failed to load.

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-apply-on-change]");
  if (form && event.target.matches("select, input[type=date], input[type=checkbox]")) form.requestSubmit();
});

// An empty field adds nothing to the address.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-apply-on-change]")) return;
  for (const field of event.target.elements) if (field.name && field.value === "") field.disabled = true;
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  const said = button.querySelector("[data-copied]");
  if (said) said.hidden = false;
});

// A form that takes long says so on its button, and is not sent twice.
document.addEventListener("submit", (event) => {
  const button = event.target.matches("form[data-busy]") ? event.submitter : null;
  if (!button?.dataset.busyText) return;
  const text = button.querySelector("span") ?? button;
  button.dataset.text = text.textContent;
  text.textContent = button.dataset.busyText;
  button.setAttribute("aria-busy", "true");
  // What is disabled now would not be sent.
  setTimeout(() => { button.disabled = true; });
});
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("[aria-busy][data-text]")) {
    (button.querySelector("span") ?? button).textContent = button.dataset.text;
    button.removeAttribute("aria-busy");
    button.disabled = false;
  }
});

// The menu of a phone starts closed, and Escape closes it.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.getElementById("menu")?.removeAttribute("open");
});

document.addEventListener("htmx:responseError", (event) => announceFailure(event.detail.xhr));
document.addEventListener("htmx:sendError", () => announceFailure(null));

function announceFailure(request) {
  const place = document.getElementById("content");
  if (!place || place.querySelector("[data-load-failed]")) return;
  const notice = document.createElement("div");
  notice.className = "notice notice--bad";
  notice.dataset.loadFailed = "";
  notice.setAttribute("role", "alert");
  const reference = request?.getResponseHeader("X-Request-Id");
  const text = document.documentElement.lang.startsWith("pt")
    ? "Não foi possível carregar. Verifique sua conexão e tente de novo."
    : "This could not be loaded. Check your connection and try again.";
  notice.textContent = reference ? `${text} (${reference})` : text;
  place.prepend(notice);
}
