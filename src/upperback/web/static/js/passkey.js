// Passkeys: asks the device, puts its answer into the form, sends the form. The page works without it where it can.

const base64 = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

const forCreation = (options) => ({
  ...options,
  challenge: bytes(options.challenge),
  user: { ...options.user, id: bytes(options.user.id) },
  excludeCredentials: (options.excludeCredentials ?? []).map((one) => ({ ...one, id: bytes(one.id) })),
  authenticatorSelection: {
    ...options.authenticatorSelection, residentKey: "required", requireResidentKey: true, userVerification: "required",
  },
});
const forRequest = (options) => ({
  ...options,
  challenge: bytes(options.challenge),
  allowCredentials: (options.allowCredentials ?? []).map((one) => ({ ...one, id: bytes(one.id) })),
});

const plain = (credential) => ({
  id: credential.id,
  rawId: base64(credential.rawId),
  type: credential.type,
  clientExtensionResults: credential.getClientExtensionResults(),
  response: Object.fromEntries(
    ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]
      .filter((name) => credential.response[name])
      .map((name) => [name, base64(credential.response[name])]),
  ),
});

async function optionsOf(form) {
  if (form.dataset.options) return JSON.parse(form.dataset.options);
  const answer = await fetch(form.dataset.source, {
    headers: { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" },
  });
  if (!answer.ok) throw new Error("no options");
  return (await answer.json()).request_options;
}

async function ask(form) {
  const { publicKey } = await optionsOf(form);
  return form.dataset.passkey === "create"
    ? navigator.credentials.create({ publicKey: forCreation(publicKey) })
    : navigator.credentials.get({ publicKey: forRequest(publicKey) });
}

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const said = form.querySelector(".passkey__said");
      said.textContent = "";
      try {
        form.elements.credential.value = JSON.stringify(plain(await ask(form)));
      } catch {
        said.textContent = form.dataset.failed;
        return;
      }
      form.submit();
    });
  }
}
