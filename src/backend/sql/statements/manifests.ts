// What fingerprints stand for.

import type { Fingerprint } from "../../../identity/fingerprint.ts";
import type { ManifestRecord } from "../../records.ts";
import { manifestCollision } from "../../refusals.ts";
import { toBytes, toJsonList } from "../column.ts";
import type { SqlContext } from "../context.ts";
import { all, change, type Operation } from "../operation.ts";
import { eachChunk, rows, sql } from "../statement.ts";
import { inOrder } from "./partitions.ts";

export function* writeManifests(context: SqlContext, manifests: readonly ManifestRecord[]): Operation<void> {
  let written = 0;
  for (const chunk of eachChunk(manifests)) {
    written += yield* change(sql`
      INSERT INTO manifest (fingerprint, text) VALUES ${rows(chunk.map(({ fingerprint, text }) => [toBytes(fingerprint), text]))}
      ON CONFLICT (fingerprint) DO NOTHING`);
  }
  if (written === manifests.length) return;
  const stored = yield* readManifests(
    context,
    manifests.map(({ fingerprint }) => fingerprint),
  );
  for (const [index, manifest] of manifests.entries()) {
    const { text } = stored[index]!;
    if (text !== manifest.text) throw manifestCollision(manifest, text);
  }
}

export function* readManifests(
  _: SqlContext,
  fingerprints: readonly Fingerprint[],
): Operation<readonly (ManifestRecord | undefined)[]> {
  const found = yield* all<[ordinal: number, text: string]>(sql`
    SELECT q.key, m.text FROM json_each(${toJsonList(fingerprints)}) q
    CROSS JOIN manifest m ON m.fingerprint = unhex(q.value)`);
  return inOrder(fingerprints.length, found, ([ordinal, text]) => ({ fingerprint: fingerprints[ordinal]!, text }));
}
