// A page about somebody else asks twice a second whether it may still be seen. When it may not, nothing of it stays.

const script = document.querySelector("script[data-still]");
const { still, dark, back, lost } = script.dataset;
const EVERY_MS = 500;
const LOST_MS = 3000;
let heard = Date.now();
let isDark = false;

function darken(words, again) {
  isDark = true;
  document.title = "Upperback";
  document.querySelectorAll("dialog").forEach((one) => one.remove());
  const text = document.createElement("p");
  text.className = "lead";
  text.setAttribute("role", "alert");
  text.textContent = words;
  const link = document.createElement("a");
  link.href = again ? location.href : "/clinic/";
  link.textContent = again ? location.pathname : back;
  if (again) link.textContent = "↻";
  document.querySelector("main").replaceChildren(text, link);
  document.querySelectorAll(".page > :not(main)").forEach((one) => one.remove());
}

async function ask() {
  if (isDark) return;
  try {
    const answer = await fetch(still, { cache: "no-store", redirect: "manual", signal: AbortSignal.timeout(LOST_MS) });
    if (answer.status === 204) heard = Date.now();
    else return darken(dark, false);
  } catch {
    if (Date.now() - heard > LOST_MS) return darken(lost, true);
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
