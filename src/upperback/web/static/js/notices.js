// Turns notices on and off in this browser. Nothing is asked and nothing is sent before the person presses the button.

const section = document.querySelector("[data-push]");
const start = section?.querySelector("[data-push-start]");
const stop = section?.querySelector("[data-push-stop]");
const status = section?.querySelector("[data-push-status]");
const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value;

function say(what) {
  status.textContent = status.dataset[what];
}

function draw(subscription) {
  start.hidden = Boolean(subscription);
  stop.hidden = !subscription;
}

function post(address, fields) {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", token);
  for (const [name, value] of Object.entries(fields)) {
    body.set(name, value);
  }
  return fetch(address, { method: "POST", body });
}

function remember(on) {
  try {
    localStorage.setItem("upperback.notices", on ? "on" : "off");
  } catch {
    // No memory in this browser: notices of an open page stay off, those from outside work.
  }
}

async function turnOn(registration) {
  if ((await Notification.requestPermission()) !== "granted") {
    say("refused");
    return;
  }
  remember(true);
  const key = await post(section.dataset.pushKey, {});
  if (!key.ok || key.redirected) {
    say("failed");
    return;
  }
  const subscription = await registration.pushManager
    .subscribe({ userVisibleOnly: true, applicationServerKey: await key.text() })
    .catch(() => null);
  if (!subscription) {
    stop.hidden = false;
    say("here");
    return;
  }
  const { keys } = subscription.toJSON();
  const answer = await post(section.dataset.pushOn, { endpoint: subscription.endpoint, ...keys });
  if (answer.status === 204) {
    draw(subscription);
    say("started");
  } else {
    await subscription.unsubscribe();
    status.textContent = answer.status === 422 ? await answer.text() : status.dataset.failed;
  }
}

async function turnOff(registration) {
  remember(false);
  const subscription = await registration.pushManager.getSubscription();
  if (subscription) {
    await post(section.dataset.pushOff, { endpoint: subscription.endpoint });
    await subscription.unsubscribe();
  }
  draw(null);
  say("stopped");
}

async function begin() {
  section.hidden = false;
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) {
    start.hidden = true;
    say("cannot");
    return;
  }
  const registration = await navigator.serviceWorker.ready;
  draw(await registration.pushManager.getSubscription());
  start.addEventListener("click", () => turnOn(registration).catch(() => say("failed")));
  stop.addEventListener("click", () => turnOff(registration).catch(() => say("failed")));
}

if (section) {
  begin();
}
