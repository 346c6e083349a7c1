// Copies an id: <button class="ponte-copy" data-copy="…">.
document.addEventListener("click", async (event) => {
  const button = event.target.closest(".ponte-copy");
  if (!button) return;
  event.preventDefault();
  await navigator.clipboard.writeText(button.dataset.copy);
  const icon = button.querySelector("span");
  icon.textContent = "check";
  setTimeout(() => (icon.textContent = "content_copy"), 1500);
});
