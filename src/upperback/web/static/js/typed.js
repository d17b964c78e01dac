// What somebody typed is not lost when a form is sent after the session has ended. The form is kept in this browser,
// sealed: the key comes with the page, to the same account and person only, so that whoever sits down here next cannot
// read it. It is put back after signing in, and forgotten once it was sent, or after two hours.

const KEPT = "upperback.typed:";
const SENT = "upperback.typed-sent";
const KEPT_MS = 2 * 60 * 60 * 1000;
const PAUSE_MS = 400;

const toText = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
const toBytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const keyOf = (form) =>
  crypto.subtle.importKey("raw", toBytes(form.dataset.keepTyped), "AES-GCM", false, ["encrypt", "decrypt"]);
const fieldsOf = (form) =>
  [...form.elements].filter((one) => one.name && one.matches("textarea, select, input:not([type=hidden], [type=password], [type=file], [type=submit])"));
const isTicked = (field) => field.type === "radio" || field.type === "checkbox";

// Several forms on a page are told apart by what they do.
function placeOf(form) {
  const what = form.querySelector("input[type=hidden][name=what], input[type=hidden][name=kind]");
  return `${KEPT}${location.pathname}#${what?.value ?? ""}`;
}

function stored() {
  return Object.keys(localStorage).filter((name) => name.startsWith(KEPT));
}

function read(name) {
  try {
    return JSON.parse(localStorage.getItem(name));
  } catch {
    return null;
  }
}

function sweep() {
  for (const name of stored()) {
    const at = read(name)?.at ?? 0;
    if (!(Date.now() - at >= 0 && Date.now() - at < KEPT_MS)) localStorage.removeItem(name);
  }
}

async function keep(form) {
  const values = fieldsOf(form)
    .filter((one) => !isTicked(one) || one.checked)
    .map((one) => [one.name, one.value, isTicked(one)]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const name = placeOf(form);
  const plain = new TextEncoder().encode(JSON.stringify(values));
  const sealed = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(name) }, await keyOf(form), plain,
  );
  localStorage.setItem(name, JSON.stringify({ at: Date.now(), iv: toText(iv), sealed: toText(sealed), lost: false }));
}

// Null: there is nothing, or it is of another account or person.
async function opened(form) {
  const name = placeOf(form);
  const found = read(name);
  if (!found?.lost) return null;
  try {
    const plain = await crypto.subtle.decrypt(
      { name: "AES-GCM", iv: toBytes(found.iv), additionalData: new TextEncoder().encode(name) },
      await keyOf(form), toBytes(found.sealed),
    );
    return JSON.parse(new TextDecoder().decode(plain));
  } catch {
    return null;
  }
}

function putBack(form, values) {
  const fields = fieldsOf(form);
  const ticked = new Set(values.filter(([, , isOne]) => isOne).map(([name, value]) => JSON.stringify([name, value])));
  const typed = values.filter(([, , isOne]) => !isOne);
  for (const field of fields) {
    if (isTicked(field)) {
      field.checked = ticked.has(JSON.stringify([field.name, field.value]));
    } else {
      const at = typed.findIndex(([name]) => name === field.name);
      if (at >= 0) [[, field.value]] = typed.splice(at, 1);
    }
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
  for (let part = form.closest("details"); part; part = part.parentElement?.closest("details")) part.open = true;
  const note = document.createElement("p");
  note.className = "typed-back";
  note.setAttribute("role", "status");
  form.prepend(note);
  note.textContent = form.dataset.typedBack;
}

function watch(form) {
  let waits;
  const now = () => {
    clearTimeout(waits);
    return keep(form).catch(() => {});
  };
  form.addEventListener("input", () => {
    clearTimeout(waits);
    waits = setTimeout(now, PAUSE_MS);
  });
  form.addEventListener("change", now);
  form.addEventListener("submit", () => {
    sessionStorage.setItem(SENT, placeOf(form));
    now();
  });
}

export async function start() {
  if (!globalThis.crypto?.subtle) return; // not at an address that browsers trust: nothing is kept in the clear
  sweep();
  const sent = sessionStorage.getItem(SENT);
  sessionStorage.removeItem(SENT);
  if (document.querySelector("[data-typed-lost]")) {
    for (const name of stored()) localStorage.setItem(name, JSON.stringify({ ...read(name), lost: true }));
    return;
  }
  if (sent !== null) localStorage.removeItem(sent);
  for (const form of document.querySelectorAll("form[data-keep-typed]")) {
    const values = await opened(form);
    if (values) putBack(form, values);
    localStorage.removeItem(placeOf(form));
    if (values) await keep(form);
    watch(form);
  }
}
