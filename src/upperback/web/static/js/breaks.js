// Fetches the card with the next break again once a minute, and says so in the title when one is due.
// The page works without: then the card is as old as the page.

const EVERY_MS = 60_000;
const title = document.title;
let told;
const slot = document.querySelector("[data-break-slot]");

async function refresh() {
  const card = slot.querySelector("[data-break-card]");
  // Whoever is about to press a button must not have it taken away.
  if (!card || slot.contains(document.activeElement)) {
    return;
  }
  const body = new FormData();
  body.set("csrfmiddlewaretoken", card.querySelector("[name=csrfmiddlewaretoken]").value);
  try {
    const answer = await fetch(card.dataset.breakCard, { method: "POST", body });
    if (answer.ok && !answer.redirected) {
      const text = await answer.text();
      if (!slot.contains(document.activeElement)) {
        draw(text);
      }
    }
  } catch {
    // Not running at the moment: the next minute asks again.
  }
}

// Only what has changed is drawn: whoever listens to the page would hear the same card every minute.
function draw(text) {
  const made = document.createElement("template");
  made.innerHTML = text;
  const card = made.content.querySelector("[data-break-card]");
  const before = slot.querySelector("[data-break-card]");
  if (words(card) !== words(before) || card?.dataset.due !== before?.dataset.due) {
    slot.replaceChildren(made.content);
  }
  tell(slot.querySelector("[data-break-card]"));
}

function words(card) {
  return card?.textContent.replace(/\s+/g, " ").trim();
}

function tell(card) {
  const say = card?.dataset.say;
  document.title = say ? `${say} - ${title}` : title;
  if (say && card.dataset.due !== told) {
    told = card.dataset.due;
    notify(say).catch(() => {});
  }
}

// A notice of this page itself, where the person turned notices on and is looking elsewhere. It leaves this computer in
// no way. One that comes from outside for the same break takes its place: they share a tag.
async function notify(say) {
  let on = false;
  try {
    on = localStorage.getItem("upperback.notices") === "on";
  } catch {
    // No memory in this browser: then notices are off.
  }
  if (on && document.hidden && "Notification" in window && Notification.permission === "granted") {
    const registration = await navigator.serviceWorker.ready;
    await registration.showNotification(say, { tag: "upperback-break", data: { path: "/today/" } });
  }
}

// A device that lives in another time zone than the person says so once they look.
function startZone() {
  const form = document.querySelector("form[data-zone]");
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  // A browser that keeps its place to itself says UTC.
  if (form && here?.includes("/") && here !== form.dataset.zone && !form.elements.time_zone.value) {
    form.elements.time_zone.value = here;
    form.closest("details").open = true;
  }
}

startZone();
if (slot) {
  refresh();
  setInterval(refresh, EVERY_MS);
}
