// The picture of the back and the list of places are two ways to the same tick boxes. Without this script the list does it all.
for (const spot of document.querySelectorAll("[data-area]")) {
  const box = document.getElementById(`area-${spot.dataset.area}`);
  if (!box) continue;
  const draw = () => spot.classList.toggle("is-chosen", box.checked);
  spot.addEventListener("click", () => {
    box.checked = !box.checked;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  });
  box.addEventListener("change", draw);
  draw();
}
