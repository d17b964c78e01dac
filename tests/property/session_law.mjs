// The law of the session's state: wherever it is cut off, and whatever of it the server has heard by then, it comes back
// with exactly what was written down, at a place that fits, and a session that is over never begins again.
//
// `run({machine, first, count})` plays sessions of random steps and cuts each at every step.

import { assert, chance } from "./dice.mjs";

const STAGES = ["ready", "moving", "paused", "rest", "felt", "last", "over", "stopped"];

export function run({ machine, first, count }) {
  const met = { sessions: 0, steps: 0, cuts: 0, stages: {} };
  const broken = [];
  for (let seed = first; seed < first + count && broken.length < 5; seed += 1) {
    try {
      play(machine, chance(seed), met);
    } catch (problem) {
      broken.push(`session ${seed}: ${problem.message}`);
    }
    met.sessions += 1;
  }
  return { met, broken };
}

function play(machine, random, met) {
  const data = prescription(random);
  let { state } = machine.begin(data, null, [], 0);
  let saved = null;
  const entries = [];
  let nowMs = 1_000_000;
  for (let step = 0, after = 0; step < 60 && after < 3; step += 1, after += state.over ? 1 : 0) {
    nowMs += random() < 0.1 ? -3_600_000 : random() * 40_000;
    const [after, draft] = move(machine, state, random, nowMs);
    state = after;
    if (draft) {
      const entry = { ...structuredClone(draft), id: `e${entries.length}` };
      entries.push(entry);
      state = machine.named(state, draft, entry.id);
    }
    // An entry and the state after it are kept together; else the state may be older than what is shown.
    if (draft || random() < 0.7) {
      saved = structuredClone(state);
    }
    met.stages[state.at.stage] = (met.stages[state.at.stage] ?? 0) + 1;
    met.steps += 1;
    check(machine, state, entries, "as it goes");
    cut(machine, { data, saved, entries, random, nowMs, met });
  }
}

// One step that the page would offer now.
function move(machine, state, random, nowMs) {
  const { stage, exercise } = state.at;
  const roll = random();
  const sets = exercise ? machine.setsOf(state, exercise) : [];
  if (state.over) {
    return [state, null];
  }
  if (roll < 0.02) {
    return machine.end(state, "felt_wrong", "stop_chest");
  }
  if (roll < 0.04) {
    return machine.end(state, "ended_early");
  }
  if (sets.length > 0 && ["ready", "rest", "felt"].includes(stage) && roll < 0.2) {
    const { number } = sets[Math.floor(random() * sets.length)];
    return roll < 0.08
      ? machine.takeBackSet(state, exercise, number)
      : (machine.correctSet(state, exercise, number, random() < 0.5 ? 1 : -1) ?? [state, null]);
  }
  switch (stage) {
    case "ready":
      return roll < 0.3 ? [machine.leaveExercise(state), null] : [machine.startSet(state), null];
    case "moving":
      if (roll < 0.5) {
        return [machine.counted(state, state.at.reps + 1), null];
      }
      return roll < 0.7 ? [machine.pause(state), null] : machine.setDone(machine.weighs(state, 4), { countedBy: "tap", nowMs });
    case "paused":
      return roll < 0.5 ? [machine.startSet(state), null] : machine.setDone(state, { countedBy: "tap", nowMs });
    case "rest":
      if (roll < 0.4) {
        return [machine.changeRest(state, random() < 0.5 ? 15 : -15, nowMs), null];
      }
      return roll < 0.5 ? [machine.hurts(state, exercise, Math.floor(random() * 11)), null] : [machine.startSet(state), null];
    case "felt":
      return machine.felt(state, exercise, { worstPain: 3, alarming: random() < 0.2, effort: null, formOk: true });
    default:
      return roll < 0.5 ? machine.end(state, "finished") : [machine.change(state, state.items[0].exercise), null];
  }
}

// Opens the session again: with the page of the server, which has heard a part and perhaps something of another device
// too, or without a connection.
function cut(machine, { data, saved, entries, random, nowMs, met }) {
  const heard = Math.floor(random() * (entries.length + 1));
  const [there, waiting] = [entries.slice(0, heard), entries.slice(heard)];
  const open = (page, truth, when) => {
    const { state } = machine.begin(page, structuredClone(saved), structuredClone(waiting), nowMs);
    met.cuts += 1;
    check(machine, state, truth, when);
  };
  if (saved) {
    open(null, entries, "opened without a connection");
  }
  if (!there.some((entry) => entry.kind === "session_ended")) {
    const others = random() < 0.3 && saved?.at.set ? [elsewhere(saved)] : [];
    open(served(data, [...there, ...others]), [...there, ...others, ...waiting], "opened with a connection");
  }
}

// The set that is next here, done on another device.
function elsewhere({ session, at }) {
  const data = { session, exercise: at.exercise, number: at.set, reps: 5 };
  return { id: "elsewhere", kind: "set_done", data, replaces: null };
}

function check(machine, state, entries, when) {
  const truth = replay(entries);
  const shown = Object.fromEntries(
    state.items.map(({ exercise }) => [exercise, Object.fromEntries(machine.setsOf(state, exercise).map((one) => [one.number, one.reps]))]),
  );
  for (const { exercise } of state.items) {
    const wanted = JSON.stringify(truth.done[exercise] ?? {});
    assert(JSON.stringify(shown[exercise]) === wanted, `${when}: ${exercise} shows ${JSON.stringify(shown[exercise])}, written is ${wanted}`);
    assert(Boolean(state.felt[exercise]) === truth.felt.has(exercise), `${when}: how ${exercise} felt`);
  }
  assert((state.over?.how ?? null) === truth.over, `${when}: over is ${state.over?.how}, written is ${truth.over}`);
  const { stage, exercise, set } = state.at;
  assert(STAGES.includes(stage), `${when}: stage ${stage}`);
  assert(truth.over === null || ["over", "stopped"].includes(stage), `${when}: goes on after the end at ${stage}`);
  assert(truth.over !== "felt_wrong" || stage === "stopped", `${when}: what to do is not shown`);
  if (["ready", "moving", "paused", "rest"].includes(stage)) {
    assert(!truth.done[exercise]?.[set], `${when}: set ${set} of ${exercise} would be done again`);
    assert(!truth.felt.has(exercise), `${when}: ${exercise} was over`);
  }
}

function replay(entries) {
  const rows = new Map();
  for (const entry of entries) {
    if (entry.replaces) {
      rows.delete(entry.replaces);
    }
    if (entry.kind !== "undone") {
      rows.set(entry.id, entry);
    }
  }
  const truth = { done: {}, felt: new Set(), over: null };
  for (const { kind, data } of rows.values()) {
    if (kind === "set_done") {
      (truth.done[data.exercise] ??= {})[data.number] = data.reps;
    } else if (kind === "exercise_ended") {
      truth.felt.add(data.exercise);
    } else {
      truth.over = data.how;
    }
  }
  return truth;
}

// As `device.script_data` writes it, after these entries.
function served(data, entries) {
  const rows = new Map();
  for (const entry of entries) {
    if (entry.replaces) {
      rows.delete(entry.replaces);
    }
    if (entry.kind !== "undone") {
      rows.set(entry.id, entry);
    }
  }
  const page = structuredClone(data);
  for (const { id, kind, data: told } of rows.values()) {
    const item = page.items.find((one) => one.exercise === told.exercise);
    if (kind === "set_done") {
      item.done[told.number] = { reps: told.reps, kg: told.load_kg ?? null, id };
    } else if (kind === "exercise_ended") {
      item.felt = { id, worstPain: told.worst_pain ?? null, alarming: told.alarming, effort: null, formOk: true };
    }
  }
  return page;
}

function prescription(random) {
  return {
    session: "s",
    person: "p",
    plan: "1",
    day: "2026-11-27",
    lights: ["green", "green", "green", "green", "amber", "amber", "red", "red", "red", "red", "red"],
    items: ["ST01", "ST02", "ST03"].slice(0, 1 + Math.floor(random() * 3)).map((exercise) => ({
      exercise,
      title: exercise,
      sets: 1 + Math.floor(random() * 3),
      reps: 8,
      unit: "slow repetitions",
      needsWeight: false,
      loadKg: null,
      band: null,
      restS: random() < 0.2 ? 0 : 60,
      pace: [],
      done: {},
      felt: null,
    })),
  };
}
