// Verify for programs: whether everything that is stored is still what was written, and a repair of what is not.

import type { StoredSnapshot } from "../../backend/records.ts";
import type { Graph } from "../../build/graph.ts";
import { refuseInThread } from "../../build/threads/inside.ts";
import { openWorkspace, type WorkspaceOptions } from "../../build/workspace.ts";
import { isRecord } from "../../graph/option.ts";
import { repairFindings, type RepairOptions as RepairingOptions } from "../repair.ts";
import { reliedOnSnapshots, verifySnapshots, type Verification } from "../verify.ts";
import { checkCall, checkOptions, refused, workspaceNames, type OptionNames } from "./given.ts";
import { storedSnapshot, type SnapshotInput } from "./snapshot-input.ts";

/** What a build needs to make again what is missing: as of `graph.build`. */
export type RepairOptions = Omit<RepairingOptions, "signal">;

export interface VerifyOptions<G extends string = string> extends WorkspaceOptions {
  /** The graph's latest and every tagged one unless told. */
  readonly snapshots?: SnapshotInput<G> | readonly SnapshotInput<G>[] | undefined;
  /** Build what is missing or damaged again, and look once more: `true`, or what the build needs. False unless told. */
  readonly repair?: boolean | RepairOptions | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after each partition that was read. */
  readonly on?: ((progress: { readonly checked: number; readonly bytes: number }) => void) | undefined;
}

/** `findings`: what is wrong, with `repair` what is left of it. */
export interface Verified extends Verification {
  /** Partitions that were missing or damaged, and are right now. */
  readonly repaired: number;
}

const names: OptionNames<VerifyOptions> = {
  ...{ snapshots: true, repair: true, signal: true, on: true },
  ...workspaceNames,
};
const repairNames: OptionNames<RepairOptions> = {
  ...{ concurrency: true, pools: true, leaseTime: true, secrets: true, on: true },
};

/**
 * Reads each built partition once more, however many snapshots hold it, and compares it with what was recorded. Sources are not part of it:
 * each build compares them. Without `repair` nothing is written.
 * Errors: SNAPSHOT_UNKNOWN; the signal's reason where it is aborted; with `repair` what stops a build. What is wrong with data is no error.
 */
export async function verify<G extends string, N>(
  graph: Graph<G, N>,
  options: VerifyOptions<NoInfer<G>> = {},
): Promise<Verified> {
  checkCall("verify()", graph, options, names);
  const { snapshots, repair = false, signal, on, ...place }: VerifyOptions = options;
  const repairing = checkedRepair(repair);
  if (repairing !== undefined) refuseInThread(graph.name);
  await using workspace = await openWorkspace({ ...place, signal, readOnly: repairing === undefined });
  const found: StoredSnapshot[] = [];
  for (const one of snapshots === undefined ? await reliedOnSnapshots(workspace, graph.name) : [snapshots].flat()) {
    found.push(await storedSnapshot(workspace.connection, graph.name, one, "verify(), snapshots"));
  }
  const { definition } = graph;
  const result = await verifySnapshots(workspace, found, { graph: definition, signal, on });
  if (repairing === undefined) return { ...result, repaired: 0 };
  const left = await repairFindings(workspace, definition, result.findings, { ...repairing, signal });
  return { ...result, findings: left, repaired: result.findings.length - left.length };
}

function checkedRepair(repair: unknown): RepairOptions | undefined {
  if (typeof repair === "boolean") return repair ? {} : undefined;
  if (!isRecord(repair))
    throw refused("verify(), repair", "that is no answer", "true, false or { secrets, … }", repair);
  checkOptions("verify(), repair", repair, repairNames);
  return repair;
}
