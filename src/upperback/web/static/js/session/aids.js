// What may help beside the screen: a voice, vibration, a message when the rest is over, a screen that stays on. Each
// is off until chosen (the screen is kept on by itself), and each says in one line when it cannot be had here.

export class Aids {
  #says;
  #lock = null;
  #on = { voice: false, shake: false, tell: false, awake: true };

  // says(name, isThere): shows or takes away the line that an aid is not to be had.
  constructor(says) {
    this.#says = says;
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible" && this.#lock !== null) {
        this.keepAwake(true);
      }
    });
  }

  get settings() {
    return { ...this.#on };
  }

  // Turns an aid on or off; resolves to whether it is on now.
  async set(name, wanted) {
    const isOn = wanted && (await this.#have(name));
    this.#on[name] = isOn;
    this.#says(name, isOn || !wanted);
    return isOn;
  }

  say(words) {
    if (this.#on.voice && words) {
      speechSynthesis.cancel();
      const said = new SpeechSynthesisUtterance(words);
      said.lang = document.documentElement.lang;
      said.rate = 1.1;
      speechSynthesis.speak(said);
    }
  }

  shake(pattern) {
    if (this.#on.shake) {
      navigator.vibrate(pattern);
    }
  }

  // Only where nobody looks at the page; no word about health, for it may show on a locked screen.
  async tell(words) {
    if (!this.#on.tell || document.visibilityState === "visible") {
      return;
    }
    const worker = await navigator.serviceWorker?.getRegistration();
    await worker?.showNotification("Upperback", { body: words, tag: "rest", icon: "/static/img/mark.svg" }).catch(() => {});
  }

  // While a session runs the screen stays on, where the browser lets us.
  async keepAwake(wanted) {
    if (!wanted || !this.#on.awake) {
      await this.#lock?.release?.().catch(() => {});
      this.#lock = null;
      return;
    }
    try {
      this.#lock = await navigator.wakeLock.request("screen");
      this.#says("awake", true);
    } catch {
      this.#lock = null;
      this.#says("awake", false);
    }
  }

  quiet() {
    if ("speechSynthesis" in globalThis) {
      speechSynthesis.cancel();
    }
  }

  async #have(name) {
    if (name === "voice") {
      return (await voices()).length > 0;
    }
    if (name === "shake") {
      return navigator.vibrate?.(60) === true;
    }
    if (name === "tell") {
      return mayTell();
    }
    return true;
  }
}

async function mayTell() {
  if (!("Notification" in globalThis) || !navigator.serviceWorker) {
    return false;
  }
  try {
    return (await Notification.requestPermission()) === "granted";
  } catch {
    return false;
  }
}

// Some browsers name their voices only a moment after they are first asked.
async function voices() {
  if (!("speechSynthesis" in globalThis)) {
    return [];
  }
  const now = speechSynthesis.getVoices();
  if (now.length > 0) {
    return now;
  }
  await Promise.race([
    new Promise((resolve) => speechSynthesis.addEventListener("voiceschanged", resolve, { once: true })),
    new Promise((resolve) => setTimeout(resolve, 1500)),
  ]);
  return speechSynthesis.getVoices();
}
