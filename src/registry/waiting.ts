// What the fallback journal knows of models: versions and bytes that are not in the database yet, and will be.

import type { ModelName } from "../backend/model-records.ts";
import { StratigraphError } from "../errors.ts";
import { readJournal } from "../journal/files.ts";

export interface Waiting {
  /** Named by whatever was decided about models, by any process, and is not written yet. */
  readonly versions: readonly NumberedVersion[];
  /** All that may be digests of bytes; also those in lines that cannot be read any more. */
  readonly digests: ReadonlySet<string>;
}

export interface NumberedVersion extends ModelName {
  readonly version: string;
}

/** `home`: the folder with the journal in it. */
export async function readWaiting(home: string): Promise<Waiting> {
  const versions: NumberedVersion[] = [];
  const digests = new Set<string>();
  for (const { kind, lines } of await readJournal(home)) {
    for (const line of lines) {
      // From the text, so that whoever wrote the line, and whatever became of it since, what it names is not taken for unused.
      for (const [digest] of line.text.matchAll(/[0-9a-f]{64}/g)) digests.add(digest);
      if (kind === "registry" && line.problem === undefined) collectVersions(line.intent.data, versions);
    }
  }
  return { versions, digests };
}

/** Error: VERSION_EXISTS where the version waits in the journal, and a sync will write it. */
export async function refuseWaiting(home: string, { namespace, name, version }: NumberedVersion): Promise<void> {
  const { versions } = await readWaiting(home);
  if (!versions.some((one) => one.namespace === namespace && one.name === name && one.version === version)) return;
  throw new StratigraphError("VERSION_EXISTS", `version ${version} waits in the fallback journal`, {
    where: home,
    hint: "Write it with `strata sync`, or choose another version.",
    data: { version },
  });
}

/** Every action writes a version as an object with these three texts in it, by itself or inside of something. */
function collectVersions(data: unknown, found: NumberedVersion[]): void {
  if (typeof data !== "object" || data === null) return;
  const { namespace, name, version } = data as Readonly<Record<string, unknown>>;
  if (typeof namespace === "string" && typeof name === "string" && typeof version === "string")
    found.push({ namespace, name, version });
  for (const part of Object.values(data)) collectVersions(part, found);
}
