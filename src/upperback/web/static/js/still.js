// A page about somebody else asks twice a second whether it may still be seen. When it may not, nothing of it stays.

const script = document.querySelector("script[data-still]");
const { still, dark, back, backHref, out, lost, again } = script.dataset;
const EVERY_MS = 500;
const LOST_MS = 3000;
let heard = Date.now();
let isDark = false;

function darken(words, linkWords, address) {
  isDark = true;
  document.title = "Upperback";
  document.querySelectorAll("dialog").forEach((one) => one.remove());
  const text = document.createElement("p");
  text.className = "lead";
  text.setAttribute("role", "alert");
  text.textContent = words;
  const link = document.createElement("a");
  link.className = "nhsuk-button";
  link.href = address;
  link.textContent = linkWords;
  document.querySelector("main").replaceChildren(text, link);
  document.querySelectorAll(".page > :not(main)").forEach((one) => one.remove());
}

async function ask() {
  if (isDark) return;
  try {
    const answer = await fetch(still, { cache: "no-store", redirect: "manual", signal: AbortSignal.timeout(LOST_MS) });
    if (answer.status === 204) heard = Date.now();
    else if (answer.status === 404 || answer.status === 410) return darken(dark, back, backHref);
    else if (answer.type === "opaqueredirect") return darken(out, again, location.href);
    else throw new Error(`${answer.status}`); // a server that starts again has said nothing yet
  } catch {
    if (Date.now() - heard > LOST_MS) return darken(lost, again, location.href);
  }
  document.documentElement.hidden = false;
}

// Out of sight it is not asked; back in sight nothing shows before the answer.
const look = () => {
  if (document.visibilityState === "visible") {
    if (Date.now() - heard > 2 * EVERY_MS) document.documentElement.hidden = !isDark;
    ask();
  }
};
document.addEventListener("visibilitychange", look);
window.addEventListener("pageshow", (event) => event.persisted && look());
setInterval(() => document.visibilityState === "visible" && ask(), EVERY_MS);
ask();
