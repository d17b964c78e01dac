// What the sensor of somebody else measures now, for a clinician whom they let look on. Nothing can be asked for.

import { Listening, ticket } from "/static/js/session/listening.js";
import { View } from "/static/js/live/view.js";

const SOCKET = "/clinic/live/socket/";

const view = new View({});
const { words } = view;
const line = new Listening(SOCKET, () => ticket(view.data.ticket, view.token), hear);
let hasMoved = false;

// Nothing that was shown stays on this screen.
function end(text) {
  line.close();
  view.fail(text);
  document.querySelector('[data-stage="live"]')?.remove();
}

// A sensor that lies on the table leans nowhere.
function plain(now) {
  const off = now.worn === "not_worn";
  const { note } = view.parts;
  const text = hasMoved ? words.moved : "";
  if (note.textContent !== text) {
    note.textContent = text;
  }
  return { ...now, flexion_deg: off ? null : now.flexion_deg, lateral_deg: off ? null : now.lateral_deg, notes: [] };
}

function begins(aligned) {
  hasMoved = false;
  view.show(aligned ? "live" : "elsewhere");
}

function hear(told) {
  if (told === null || told.stopped) {
    end(words.closed);
  } else if (told.lost) {
    view.hear(told);
    if (view.stage !== "live") { // what was told last may not be so any more
      view.show("start");
    }
  } else if (told.running === false) {
    view.hear({ off: true });
    if (view.stage !== "live") {
      view.show("none");
    }
  } else if (told.running !== undefined) {
    begins(told.is_aligned);
  } else if (told.aligned) {
    begins(true);
  } else if (told.over) {
    view.show("over");
  } else {
    hasMoved ||= Boolean(told.shift);
    if (told.now) {
      view.hear({ now: plain(told.now) });
    }
  }
}
