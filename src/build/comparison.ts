// What differs between what a step was built from and what it would be built from now, as a reason.

import type { ManifestStore } from "../backend/backend.ts";
import type { CodeVersion } from "../identity/code-version.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import { diffManifests, parseManifest, type ManifestChange } from "../identity/manifest.ts";
import type { Step } from "./network.ts";
import type { Change, Reason } from "./reason.ts";
import { parseStepManifest, schemaManifests } from "./step-identity.ts";

const MOST_CHANGES = 20;

/** A step's manifest as far as it is known: a content may be still to come. */
interface KnownManifest {
  readonly producer: Fingerprint;
  readonly inputs: ReadonlyMap<string, ReadonlyMap<string, string | undefined>>;
}

/** The manifest of one producer is compared once for all its partitions. */
const producerChanges = new WeakMap<object, Map<string, readonly Change[]>>();

/** Compares a step with the text of the manifest it was last built from. `now`: what is known of one whose inputs are not all there. */
export async function compareToManifest(
  store: ManifestStore,
  step: Step,
  before: string | undefined,
  now: KnownManifest,
): Promise<Reason> {
  if (before === undefined) return { code: "producer-changed" };
  const then = parseStepManifest(before);
  const changes: Change[] =
    then.producer === now.producer ? [] : [...(await producerDifference(store, step, then.producer))];
  const code = reasonOf(changes);
  let count = changes.length;
  for (const change of inputChanges(then.inputs, now.inputs)) {
    count++;
    if (changes.length < MOST_CHANGES) changes.push(change);
  }
  return { code: code ?? "input-changed", changes, changeCount: count };
}

function reasonOf(changes: readonly Change[]): Reason["code"] | undefined {
  if (changes.length === 0) return undefined;
  if (changes.some(({ part }) => part === "version")) return "version-changed";
  if (changes.some(({ part }) => /^(code|package)\b/.test(part))) return "code-changed";
  if (changes.every(({ part }) => part.startsWith("param "))) return "param-changed";
  return changes.every(({ part }) => /(schema|format)( |$)/.test(part)) ? "schema-changed" : "producer-changed";
}

function* inputChanges(
  before: ReadonlyMap<string, ReadonlyMap<string, string>>,
  after: KnownManifest["inputs"],
): Generator<Change> {
  for (const [name, list] of after) {
    const previous = before.get(name);
    if (previous === undefined) continue; // told as a change of the producer
    const part = `input '${name}'`;
    for (const [partition, content] of list) {
      if (content === undefined) continue; // what a step waits for is told as that
      const was = previous.get(partition);
      if (was === undefined)
        yield { part, change: "added", partition, ...(content === undefined ? {} : { after: content }) };
      else if (content !== undefined && was !== content)
        yield { part, change: "changed", partition, before: was, after: content };
    }
    for (const [partition, content] of previous) {
      if (!list.has(partition)) yield { part, change: "removed", partition, before: content };
    }
  }
}

async function producerDifference(store: ManifestStore, step: Step, before: Fingerprint): Promise<readonly Change[]> {
  const { producer } = step.group;
  let known = producerChanges.get(producer);
  if (known === undefined) producerChanges.set(producer, (known = new Map<string, readonly Change[]>()));
  let changes = known.get(before);
  if (changes === undefined) {
    const [record] = await store.readManifests([before]);
    changes =
      record === undefined
        ? [{ part: "producer", change: "changed" }]
        : await describeChanges(store, step, diffManifests(parseManifest(record.text), parseManifest(producer.text)));
    known.set(before, changes);
  }
  return changes;
}

/** Says each difference in the user's words, and looks into schemas field by field. */
async function describeChanges(
  store: ManifestStore,
  step: Step,
  differences: readonly ManifestChange[],
): Promise<Change[]> {
  const changes: Change[] = [];
  for (const { path, change, before, after } of differences) {
    const [section, slot, aspect] = path;
    if (section === "version") {
      if (changes.some(({ part }) => part === "version")) continue;
      const code = await codeDifference(store, step, before, after);
      if (code === undefined) changes.push({ part: "version", change: "changed", ...versionSides(before, after) });
      else for (const one of code) changes.push(one);
    } else if (section === "name") {
      changes.push({ part: "producer name", change, ...sides(shown(before), shown(after)) });
    } else if (section === "inputs" || section === "outputs") {
      const part = `${section.slice(0, -1)} '${slot ?? ""}'`;
      if (aspect === undefined) changes.push({ part, change });
      else if (aspect === "schema" && change === "changed") {
        changes.push({ part: `${part} schema${await schemaFields(store, step, before, after)}`, change });
      } else
        changes.push({ part: `${part} ${path.slice(2).join(" ")}`, change, ...sides(shown(before), shown(after)) });
    } else if (section === "params") {
      for (const one of paramChanges(slot, change, before, after)) changes.push(one);
    } else changes.push({ part: "producer", change });
  }
  return changes;
}

/** Of one param, or of all where a producer had none before or has none now. */
function paramChanges(name: string | undefined, change: Change["change"], before: unknown, after: unknown): Change[] {
  if (name !== undefined) return [{ part: `param '${name}'`, change, ...sides(shown(before), shown(after)) }];
  const names = Object.keys(Object(before ?? after) as object);
  return names.map((one) => ({ part: `param '${one}'`, change }));
}

/** " (field 'amount', field 'id')", or nothing where a schema was not stored. */
async function schemaFields(store: ManifestStore, step: Step, before: unknown, after: unknown): Promise<string> {
  const [then] = await store.readManifests([before as Fingerprint]);
  const now = schemaManifests([step.group.call]).find(({ fingerprint }) => fingerprint === after);
  if (then === undefined || now === undefined) return "";
  const fields = new Set<string>();
  for (const { path } of diffManifests(parseManifest(then.text), parseManifest(now.text))) {
    const at = path.lastIndexOf("properties");
    const field = at < 0 ? undefined : path[at + 1];
    if (field !== undefined) fields.add(`field '${field}'`);
  }
  return fields.size === 0 ? "" : ` (${[...fields].slice(0, 5).join(", ")})`;
}

/** Reasons are kept with runs as JSON, which has no `undefined`. */
function sides(before: string | undefined, after: string | undefined): Pick<Change, "before" | "after"> {
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

/** Of two versions that follow the code: what of it differs, by name. */
async function codeDifference(
  store: ManifestStore,
  step: Step,
  before: unknown,
  after: unknown,
): Promise<readonly Change[] | undefined> {
  const { known } = step.group.call.producer.version as Partial<CodeVersion>;
  const [then, now] = [before, after].map((one) => /^code ([0-9a-f]{32})/.exec(String(one))?.[1]);
  if (known === undefined || then === undefined || now === undefined) return undefined;
  if (then === now) return [{ part: "code saved while it was loaded", change: "changed" }];
  const [record] = await store.readManifests([then as Fingerprint]);
  if (record === undefined) return [{ part: "code", change: "changed" }];
  const { codeChanges } = await import("../code/compare.ts");
  return codeChanges(record.text, known);
}

/** From semver to semver, what counts is told without the word: "1" and "2". */
function versionSides(before: unknown, after: unknown): Pick<Change, "before" | "after"> {
  const texts = [shown(before), shown(after)] as const;
  const bothSemver = texts.every((text) => text === undefined || text.startsWith("semver "));
  const [then, now] = texts.map((text) => (bothSemver ? text?.slice("semver ".length) : text));
  return sides(then, now);
}

function shown(value: unknown): string | undefined {
  return value === undefined ? undefined : typeof value === "string" ? value : JSON.stringify(value);
}
