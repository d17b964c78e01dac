// The emergency page: a tick that settles it sends the form at once. Without this script the button does the same.
const part = document.querySelector("[data-stop-at-once]");
const form = part?.closest("form");
let asked = Promise.resolve();

async function ask() {
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new FormData(form),
      headers: { "X-Upperback-Ask": "stop" },
      credentials: "same-origin",
    });
    if (answer.ok && (await answer.json()).stop) form.requestSubmit();
  } catch {
    // No connection: the button still works.
  }
}

form?.addEventListener("change", () => {
  asked = asked.then(ask);
});
