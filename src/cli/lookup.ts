// What the looking commands share: an open database, the graph's name, a snapshot and what its graph declared.

import type { Connection } from "../backend/backend.ts";
import type { StoredSnapshot, TagRecord } from "../backend/records.ts";
import { resolveSnapshot } from "../build/snapshot.ts";
import type { Workspace } from "../build/workspace.ts";
import type { ArtifactDescription, GraphDescription } from "../graph/describe.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import { loadDescription } from "../backend/description.ts";
import { everyItem } from "../backend/pages.ts";
import type { Call } from "./command.ts";
import { findProject, type Project } from "./project.ts";
import { findArtifact } from "./target.ts";

export interface Lookup {
  readonly project: Project;
  readonly workspace: Workspace;
  readonly graph: string;
}

/** Opens the database of the project and finds out which graph is meant. Closes it when `work` is done. */
export async function withLookup<T>(
  call: Call,
  work: (lookup: Lookup) => Promise<T>,
  { readOnly = true }: { readonly readOnly?: boolean } = {},
): Promise<T> {
  const project = await findProject(call);
  await using workspace = await project.open({ readOnly });
  const graph = await project.graphName(workspace);
  return await work({ project, workspace, graph });
}

/** A snapshot by what people type, with what its graph declared. Errors: SNAPSHOT_UNKNOWN. */
export async function findSnapshot(
  connection: Connection,
  graph: string,
  reference: string,
): Promise<{ readonly snapshot: StoredSnapshot; readonly description: GraphDescription }> {
  const snapshot = await resolveSnapshot(connection, graph, reference);
  return { snapshot, description: await loadDescription(connection, snapshot) };
}

/** An artifact of an earlier snapshot by the key it had then, or by the one it has in the latest. Error: SELECTOR_UNKNOWN. */
export async function findFormer(
  connection: Connection,
  graph: string,
  description: GraphDescription,
  key: string,
): Promise<ArtifactDescription> {
  return findArtifact(description, (await formerKey(connection, graph, description, key)) ?? key);
}

/** The key an artifact has in a snapshot, by that one or by the one it has in the latest; `undefined` where it is not there. */
export async function formerKey(
  connection: Connection,
  graph: string,
  description: GraphDescription,
  key: string,
): Promise<string | undefined> {
  const has = (one: string): boolean => description.artifacts.some((artifact) => artifact.key === one);
  if (has(key)) return key;
  const latest = await connection.readLatestSnapshot(graph);
  const known = latest === undefined ? description : await loadDescription(connection, latest);
  return known.artifacts.find((artifact) => artifact.key === key)?.was?.find(has);
}

/** Tag names by snapshot, each list in order. */
export async function tagsBySnapshot(
  connection: Connection,
  graph: string | undefined,
): Promise<Map<Fingerprint, string[]>> {
  const tags = new Map<Fingerprint, string[]>();
  for await (const { snapshot, tag } of everyItem<TagRecord>((page) => connection.listSnapshotTags(graph, page))) {
    const names = tags.get(snapshot);
    if (names === undefined) tags.set(snapshot, [tag]);
    else names.push(tag);
  }
  return tags;
}
