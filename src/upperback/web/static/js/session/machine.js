// Where a session stands and what each step of it writes down. Pure: no page, no clock, no storage.
//
// A state is plain data, so that it can be sealed and come back. `done` and `felt` are what is written down; `at` is
// where one is. What a step logs is returned as a draft; it gets its id when it is kept.

const REPS_MOST = 100;
const KG_MOST = 200;

// data: from the page. saved: the state this browser kept. waiting: entries that no answer has named yet.
// Returns the state, and what has to be said about it: "resumed", "clockBack" or null.
export function begin(data, saved, waiting, nowMs) {
  const state = data ? { ...data, ...written(data, saved, waiting), over: null, at: null, during: {}, kg: {} } : overlaid(saved, waiting);
  state.over ??= saved?.over ?? ended(waiting, state.session);
  state.during = saved?.during ?? {};
  state.kg = saved?.kg ?? {};
  const resumed = saved?.at && resume(state, saved.at, nowMs);
  state.at = resumed?.at ?? place(state);
  return { state, say: resumed?.say ?? null };
}

// The next thing to do, from what is written down.
export function place(state) {
  if (state.over) {
    return { stage: state.over.how === "felt_wrong" ? "stopped" : "over" };
  }
  const item = state.items.find((one) => !state.felt[one.exercise]);
  if (!item) {
    return { stage: "last" };
  }
  const set = firstMissing(state, item);
  return set === null ? { stage: "felt", exercise: item.exercise } : { stage: "ready", exercise: item.exercise, set, reps: 0 };
}

export function itemOf(state, exercise = state.at?.exercise) {
  return state.items.find((one) => one.exercise === exercise) ?? null;
}

export function setsOf(state, exercise) {
  return Object.entries(state.done[exercise] ?? {}).map(([number, one]) => ({ number: Number(number), ...one }));
}

// ---- steps; those that write something down return [state, draft], or null where there is nothing to write ----

export function startSet(state) {
  return { ...state, at: { ...state.at, stage: "moving", reps: state.at.reps ?? 0 } };
}

export function counted(state, reps) {
  return { ...state, at: { ...state.at, reps: Math.min(reps, REPS_MOST) } };
}

export function pause(state) {
  return { ...state, at: { ...state.at, stage: "paused" } };
}

// The weight of this exercise: as chosen in this session, else as written last, else as prescribed.
export function weightOf(state) {
  const { exercise } = state.at;
  const chosen = state.kg[exercise];
  return chosen === undefined ? (setsOf(state, exercise).at(-1)?.kg ?? itemOf(state).loadKg) : chosen;
}

export function weighs(state, kg) {
  return { ...state, kg: { ...state.kg, [state.at.exercise]: kg } };
}

export function setDone(state, { countedBy, nowMs }) {
  const { exercise, set, reps } = state.at;
  const kg = itemOf(state).needsWeight ? weightOf(state) : null;
  const draft = setDraft(state, exercise, set, reps, kg, countedBy, null);
  const after = withSet(state, exercise, set, { reps, kg, id: null });
  const item = itemOf(after, exercise);
  const next = firstMissing(after, item);
  const at =
    next === null
      ? { stage: "felt", exercise, lastSet: set }
      : item.restS > 0
        ? { stage: "rest", exercise, set: next, lastSet: set, reps: 0, restS: item.restS, restEndsMs: nowMs + item.restS * 1000 }
        : { stage: "ready", exercise, set: next, reps: 0 };
  return [{ ...after, at }, draft];
}

export function changeRest(state, byS, nowMs) {
  const leftMs = restLeftMs(state, nowMs);
  const restEndsMs = nowMs + Math.max(0, leftMs + byS * 1000);
  return { ...state, at: { ...state.at, restEndsMs, restS: Math.max(state.at.restS, Math.ceil((restEndsMs - nowMs) / 1000)) } };
}

export function restLeftMs(state, nowMs) {
  return Math.max(0, state.at.restEndsMs - nowMs);
}

export function correctSet(state, exercise, number, by) {
  const was = state.done[exercise]?.[number];
  const now = was && Math.max(0, Math.min(was.reps + by, REPS_MOST));
  if (!was || now === was.reps) {
    return null;
  }
  const draft = setDraft(state, exercise, number, now, was.kg, "typed", was.id);
  return [withSet(state, exercise, number, { ...was, reps: now }), draft];
}

export function takeBackSet(state, exercise, number) {
  if (!state.done[exercise]?.[number]) {
    return null;
  }
  const { [number]: gone, ...rest } = state.done[exercise];
  const after = { ...state, done: { ...state.done, [exercise]: rest } };
  const draft = { kind: "undone", data: {}, replaces: gone.id };
  // Felt already: it stays told. Else the set comes again, if it is one of the prescribed ones.
  return [after.felt[exercise] ? after : { ...after, at: place(after) }, draft];
}

export function leaveExercise(state) {
  return { ...state, at: { stage: "felt", exercise: state.at.exercise } };
}

export function hurts(state, exercise, pain) {
  return { ...state, during: { ...state.during, [exercise]: Math.max(pain, state.during[exercise] ?? 0) } };
}

export function lightOf(state, pain, alarming) {
  return alarming ? "red" : pain === null ? null : state.lights[pain];
}

export function felt(state, exercise, { worstPain, alarming, effort, formOk }) {
  const draft = {
    kind: "exercise_ended",
    data: {
      session: state.session,
      exercise,
      alarming,
      ...(worstPain === null ? {} : { worst_pain: worstPain }),
      ...(effort === null ? {} : { effort }),
      ...(formOk === null ? {} : { form_ok: formOk }),
    },
    replaces: state.felt[exercise]?.id ?? null,
  };
  const told = { ...state.felt[exercise], worstPain, alarming, effort, formOk };
  const after = { ...state, felt: { ...state.felt, [exercise]: told } };
  return [{ ...after, at: place(after) }, draft];
}

export function change(state, exercise) {
  return { ...state, at: { stage: "felt", exercise } };
}

export function end(state, how, sign = null) {
  const over = { how, sign };
  const draft = { kind: "session_ended", data: { session: state.session, how, ...(sign ? { sign } : {}) }, replaces: null };
  const after = { ...state, over };
  return [{ ...after, at: place(after) }, draft];
}

// The id of a kept entry, for later corrections.
export function named(state, draft, id) {
  const { exercise, number } = draft.data;
  if (draft.kind === "set_done") {
    return withSet(state, exercise, number, { ...state.done[exercise][number], id });
  }
  if (draft.kind === "exercise_ended") {
    return { ...state, felt: { ...state.felt, [exercise]: { ...state.felt[exercise], id } } };
  }
  return state;
}

// Kilograms as typed: a number, null for nothing, undefined for what cannot be.
export function kilograms(text) {
  const plain = text.trim().replace(",", ".");
  if (plain === "") {
    return null;
  }
  const kg = /^\d{1,3}(\.\d{1,3})?$/.test(plain) ? Number(plain) : NaN;
  return kg > 0 && kg <= KG_MOST ? kg : undefined;
}

// ---- inside ----

function firstMissing(state, item) {
  for (let number = 1; number <= item.sets; number += 1) {
    if (!state.done[item.exercise]?.[number]) {
      return number;
    }
  }
  return null;
}

function setDraft(state, exercise, number, reps, kg, countedBy, replaces) {
  const { band } = itemOf(state, exercise) ?? {};
  const data = { session: state.session, exercise, number, reps, counted_by: countedBy };
  return { kind: "set_done", data: { ...data, ...(kg ? { load_kg: kg } : {}), ...(band ? { band } : {}) }, replaces };
}

function withSet(state, exercise, number, one) {
  return { ...state, done: { ...state.done, [exercise]: { ...state.done[exercise], [number]: one } } };
}

// What the server has, with what it has not been told yet laid over it.
function written(data, saved, waiting) {
  const done = {};
  const told = {};
  for (const item of data.items) {
    done[item.exercise] = { ...item.done };
    if (item.felt) {
      told[item.exercise] = item.felt;
    }
  }
  return overlaid({ session: data.session, done, felt: told }, waiting);
}

function overlaid(state, waiting) {
  const found = { ...state, done: structuredClone(state.done), felt: structuredClone(state.felt) };
  for (const entry of waiting) {
    const { exercise, number, session } = entry.data;
    if (entry.kind === "set_done" && session === state.session) {
      const sets = (found.done[exercise] ??= {});
      // What another device wrote stays under it, and is there again when this one is taken back.
      const under = sets[number]?.id === entry.replaces ? (sets[number]?.under ?? null) : (sets[number] ?? null);
      sets[number] = { reps: entry.data.reps, kg: entry.data.load_kg ?? null, id: entry.id, under };
    } else if (entry.kind === "exercise_ended" && session === state.session) {
      found.felt[exercise] = {
        id: entry.id,
        worstPain: entry.data.worst_pain ?? null,
        alarming: entry.data.alarming,
        effort: entry.data.effort ?? null,
        formOk: entry.data.form_ok ?? null,
      };
    } else if (entry.kind === "undone") {
      for (const sets of Object.values(found.done)) {
        for (const [key, one] of Object.entries(sets)) {
          if (one.id === entry.replaces) {
            if (one.under) {
              sets[key] = one.under;
            } else {
              delete sets[key];
            }
          }
        }
      }
    }
  }
  return found;
}

function ended(waiting, session) {
  const entry = waiting.find((one) => one.kind === "session_ended" && one.data.session === session);
  return entry ? { how: entry.data.how, sign: entry.data.sign ?? null } : null;
}

// Back to where one was, if that still makes sense beside what is written down.
function resume(state, at, nowMs) {
  const item = itemOf(state, at.exercise);
  if (state.over || !item || state.felt[at.exercise]) {
    return null;
  }
  if (at.stage === "felt") {
    return { at, say: "resumed" };
  }
  if (!at.set || at.set > item.sets || state.done[at.exercise]?.[at.set]) {
    return null;
  }
  if (at.stage === "rest") {
    const isLonger = at.restEndsMs - nowMs > at.restS * 1000;
    return isLonger
      ? { at: { ...at, restEndsMs: nowMs + at.restS * 1000 }, say: "clockBack" }
      : { at, say: "resumed" };
  }
  if ((at.stage === "moving" || at.stage === "paused") && at.reps > 0) {
    return { at: { ...at, stage: "paused" }, say: "resumed" };
  }
  return { at: { ...at, stage: "ready", reps: 0 }, say: null };
}
