// Reads a page aloud, sentence by sentence, with the voice of the device. Without a voice the page says how to find one.

const part = document.querySelector("[data-read-aloud]");
const hint = document.querySelector("[data-no-voice]");
const lines = [...document.querySelectorAll("[data-aloud]")];
const language = document.documentElement.lang;

// Browsers know their voices only after a while. Only voices on this device: what is read must not be sent anywhere.
function voice() {
  const there = speechSynthesis.getVoices().filter((one) => one.localService);
  const short = language.slice(0, 2);
  return there.find((one) => one.lang === language) ?? there.find((one) => one.lang.startsWith(short)) ?? null;
}

function offer() {
  const found = voice() !== null;
  part.hidden = !found;
  hint.hidden = found;
}

function show(isReading) {
  part.querySelector("[data-start]").hidden = isReading;
  part.querySelector("[data-stop]").hidden = !isReading;
}

function stop() {
  speechSynthesis.cancel();
  for (const line of lines) {
    line.classList.remove("easy-now");
  }
  show(false);
}

function read(number) {
  const line = lines[number];
  if (!line) {
    stop();
    part.querySelector("[data-start]").focus();
    return;
  }
  const words = new SpeechSynthesisUtterance(line.innerText);
  words.voice = voice();
  words.lang = words.voice.lang;
  words.rate = 0.9;
  words.onstart = () => {
    line.classList.add("easy-now");
    line.scrollIntoView({ block: "nearest" });
  };
  words.onend = () => {
    if (line.classList.contains("easy-now")) {
      line.classList.remove("easy-now");
      read(number + 1);
    }
  };
  words.onerror = stop;
  speechSynthesis.speak(words);
}

if (part && globalThis.speechSynthesis) {
  offer();
  speechSynthesis.addEventListener?.("voiceschanged", offer);
  part.querySelector("[data-start]").addEventListener("click", () => {
    show(true);
    part.querySelector("[data-stop]").focus();
    read(0);
  });
  part.querySelector("[data-stop]").addEventListener("click", () => {
    stop();
    part.querySelector("[data-start]").focus();
  });
  addEventListener("pagehide", stop);
}
