// What the fallback journal knows of models: versions and bytes that are not in the database yet, and will be.

import type { ModelName } from "../backend/model-records.ts";
import { StratigraphError } from "../errors.ts";
import { readJournal } from "../journal/files.ts";

export interface Named {
  readonly versions: NumberedVersion[];
  readonly digests: Set<string>;
}

export interface NumberedVersion extends ModelName {
  readonly version: string;
}

/**
 * Adds the versions that are named by what was decided about models, by any process, and all that may be digests of bytes. `home`: the
 * folder with the journal in it.
 */
export async function readWaiting(home: string, named: Named): Promise<void> {
  for (const { kind, lines } of await readJournal(home)) {
    for (const line of lines) {
      // From the text, so that whoever wrote the line, and whatever became of it since, what it names is not taken for unused.
      collectDigests(line.text, named);
      if (kind === "registry" && line.problem === undefined) collectVersions(line.intent.data, named);
    }
  }
}

/** Error: VERSION_EXISTS where the version waits in the journal, and a sync will write it. */
export async function refuseWaiting(home: string, { namespace, name, version }: NumberedVersion): Promise<void> {
  const waiting: Named = { versions: [], digests: new Set() };
  await readWaiting(home, waiting);
  if (!waiting.versions.some((one) => one.namespace === namespace && one.name === name && one.version === version))
    return;
  throw new StratigraphError("VERSION_EXISTS", `version ${version} waits in the fallback journal`, {
    where: home,
    hint: "Write it with `strata sync`, or choose another version.",
    data: { version },
  });
}

/** Of what was decided about models: every action writes a version as an object with its three names, by itself or inside of something. */
export function collectVersions(data: unknown, named: Named): void {
  if (typeof data === "string") collectDigests(data, named);
  if (typeof data !== "object" || data === null) return;
  const { namespace, name, version } = data as Readonly<Record<string, unknown>>;
  if (typeof namespace === "string" && typeof name === "string" && typeof version === "string")
    named.versions.push({ namespace, name, version });
  for (const part of Object.values(data)) collectVersions(part, named);
}

function collectDigests(text: string, { digests }: Named): void {
  for (const [digest] of text.matchAll(/[0-9a-f]{64}/g)) digests.add(digest);
}
