// What comes from the server while a page is open is English. The page brings along how each of its sentences is said in
// its own language, gaps as {0}; a page in English brings nothing, and everything stays.

const table = document.getElementById("live-sentences");
const pairs = table ? JSON.parse(table.textContent) : [];
const whole = new Map(pairs);
const gapped = pairs.filter(([english]) => english.includes("{0}")).map(([english, words]) => [pattern(english), words]);
// What the page says by itself is in its language.
const own = new Set(Object.values(JSON.parse(document.getElementById("live-words")?.textContent ?? "{}")));
const DECIMAL = /^-?\d+\.\d+$/;

// The words of the page for a sentence, or null where there are none.
function found(text) {
  const bare = text.replace(/\.$/, "");
  const exact = whole.get(text) ?? whole.get(bare);
  if (exact !== undefined) {
    return exact;
  }
  for (const [match, words] of gapped) {
    const gaps = match.exec(text)?.groups;
    if (gaps) {
      return words.replace(/\{(\d+)\}/g, (_, number) => inGap(gaps[`g${number}`]));
    }
  }
  return inParts(text, /(?<=[.!?]) /, " ") ?? inParts(text, / and /, ` ${whole.get("and")} `);
}

function inParts(text, between, join) {
  const parts = text.split(between);
  const said = parts.length > 1 ? parts.map(found) : [null];
  return said.includes(null) ? null : said.join(join);
}

function inGap(text) {
  return DECIMAL.test(text) ? Number(text).toLocaleString(document.documentElement.lang) : found(text) ?? text;
}

function pattern(english) {
  const parts = english.split(/\{(\d+)\}/).map((part, at) => (at % 2 ? `(?<g${part}>.+?)` : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
  return new RegExp(`^${parts.join("")}$`, "s");
}

// A sentence in the language of the page; the English where there is none.
export function said(text) {
  return pairs.length && text ? found(text) ?? text : text;
}

// The same into an element, which says so where it is English.
export function tell(element, text) {
  const isEnglish = pairs.length > 0 && text !== "" && !own.has(text) && found(text) === null;
  element.classList.toggle("in-english", isEnglish);
  if (isEnglish) {
    element.lang = "en-GB";
  } else {
    element.removeAttribute("lang");
  }
  const words = said(text);
  if (element.textContent !== words) {
    element.textContent = words;
  }
}
