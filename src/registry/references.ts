// What is referred to: the bytes and numbers of all versions there are, and of those that will be once everything is written.

import { everyItem } from "../backend/pages.ts";
import type { Host } from "../changes/host.ts";
import type { References } from "./artifact-store.ts";
import { collectVersions, readWaiting, type NumberedVersion } from "./waiting.ts";

/**
 * A record goes from this process to the database, or from any process to the journal and from there to the database. Looked at in that
 * order, none is missed on its way.
 */
export async function findReferences(host: Pick<Host, "connection" | "journalHome" | "pending">): Promise<References> {
  const digests = new Set<string>();
  const versions: NumberedVersion[] = [];
  for (const { data } of host.pending("registry")) collectVersions(data, { versions, digests });
  await readWaiting(host.journalHome, { versions, digests });
  for await (const version of everyItem((page) => host.connection.listVersions({ deleted: true }, page))) {
    const { namespace, name, artifact } = version;
    versions.push({ namespace, name, version: version.version });
    if (artifact !== undefined) digests.add(artifact.digest);
  }
  return { digests, versions };
}
