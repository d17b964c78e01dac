// How far a copy is that is being made. When it is ready, the page is loaded again.

const EVERY_MS = 2000;

for (const one of document.querySelectorAll("[data-copy]")) {
  const bar = one.querySelector("progress");
  const words = one.querySelector("[data-far]");
  const ask = async () => {
    if (document.visibilityState !== "visible") return;
    const answer = await fetch(one.dataset.copy, { cache: "no-store", redirect: "manual" }).catch(() => null);
    if (answer === null || answer.status >= 500) return; // no line, or a server that starts again: next time
    const far = answer.ok ? await answer.json() : {};
    if (far.state !== "waiting" && far.state !== "running") return location.reload();
    words.textContent = far.words;
    if (far.of) Object.assign(bar, { max: far.of, value: far.done });
  };
  setInterval(ask, EVERY_MS);
}
