// Fetches the card with the next break again once a minute, and says so in the title when one is due.
// The page works without: then the card is as old as the page.

const EVERY_MS = 60_000;
const title = document.title;
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
        slot.innerHTML = text;
        tell(slot.querySelector("[data-break-card]"));
      }
    }
  } catch {
    // Not running at the moment: the next minute asks again.
  }
}

function tell(card) {
  document.title = card?.dataset.say ? `${card.dataset.say} - ${title}` : title;
}

if (slot) {
  refresh();
  setInterval(refresh, EVERY_MS);
}
