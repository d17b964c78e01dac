// Runs before the page is drawn, so that a chosen theme never flashes. Without it the device decides.
(() => {
  try {
    const theme = localStorage.getItem("upperback.theme");
    if (theme === "light" || theme === "dark") {
      document.documentElement.dataset.theme = theme;
    }
  } catch {
    // Storage may be closed, for example in a private window.
  }
})();
