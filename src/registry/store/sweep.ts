// A sweep: artifacts that no version has go, then what no artifact names, then what ended processes left half-written.

import type { Clock } from "../../util/clock.ts";
import type { SweepOptions, SweepResult, SweptArtifact } from "../artifact-store.ts";
import type { ObjectAge, ObjectStorage, Shelf } from "./objects.ts";
import { listOpenClaims, withoutVersions } from "./open-claims.ts";
import type { SlotStorage } from "./slots.ts";
import { decodeTree, treeSize } from "./tree.ts";

/** Milliseconds by which the time of a file may lag behind the clock. */
const CLOCK_TICK = 20;
/** The same for the clock of another machine that uses the store. */
const CLOCK_SLACK = 60_000;

export async function sweepStore(
  { objects, slots, clock }: { readonly objects: ObjectStorage; readonly slots: SlotStorage; readonly clock: Clock },
  { references, olderThan, dryRun = false }: SweepOptions,
): Promise<SweepResult> {
  const begin = clock.now() - olderThan - CLOCK_TICK;
  const claims = await listOpenClaims(slots);
  const { digests, versions } = await references();
  const underWay = withoutVersions(claims, versions).map(({ at }) => at - CLOCK_SLACK);
  const before = underWay.reduce((first, at) => Math.min(first, at), begin);
  const isOld = ({ lastPut }: ObjectAge): boolean => lastPut <= before;

  const artifacts: SweptArtifact[] = [];
  for (const shelf of ["files", "folders"] as const) {
    for await (const digest of objects.list(shelf)) {
      if (digests.has(digest)) continue;
      const swept = await describe(objects, shelf, digest);
      if ((await drop(shelf, digest)) !== undefined) artifacts.push(swept);
    }
  }
  const kept = await referencedObjects(objects, dryRun ? new Set(artifacts.map(({ digest }) => digest)) : undefined);
  let count = 0;
  let size = 0;
  for await (const digest of objects.list("objects")) {
    if (kept.has(digest)) continue;
    const bytes = await drop("objects", digest);
    if (bytes === undefined) continue;
    count += 1;
    size += bytes;
  }
  const temporary = await objects.sweepTemps(olderThan, dryRun);
  return { artifacts, objects: count, size: size + temporary };

  async function drop(shelf: Shelf, digest: string): Promise<number | undefined> {
    if (!dryRun) return objects.take(shelf, digest, isOld);
    const age = await objects.age(shelf, digest);
    return age !== undefined && isOld(age) ? age.size : undefined;
  }
}

/** Whatever a mark or a list names; `without`: as if those were gone already. */
export async function referencedObjects(
  objects: ObjectStorage,
  without?: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const kept = new Set<string>();
  for (const shelf of ["files", "folders"] as const) {
    for await (const digest of objects.list(shelf)) {
      if (without?.has(digest) === true) continue;
      for (const member of await membersOf(objects, shelf, digest)) kept.add(member);
    }
  }
  return kept;
}

/** The objects of an artifact; none where it is gone. */
export async function membersOf(
  objects: ObjectStorage,
  shelf: "files" | "folders",
  digest: string,
): Promise<readonly string[]> {
  if (shelf === "files") return (await objects.age("files", digest)) === undefined ? [] : [digest];
  return (await readList(objects, digest))?.files.map((file) => file.digest) ?? [];
}

async function describe(objects: ObjectStorage, shelf: "files" | "folders", digest: string): Promise<SweptArtifact> {
  if (shelf === "files") return { digest, files: 1, size: (await objects.age("objects", digest))?.size ?? 0 };
  const tree = await readList(objects, digest);
  return tree === undefined
    ? { digest, files: 0, size: 0 }
    : { digest, files: tree.files.length, size: treeSize(tree) };
}

/** A damaged list stops the sweep: what it named cannot be told any more, and must not be taken for orphans. */
async function readList(objects: ObjectStorage, digest: string): Promise<ReturnType<typeof decodeTree> | undefined> {
  const bytes = await objects.read("folders", digest);
  if (bytes === undefined) return undefined;
  return decodeTree(Buffer.from(bytes).toString("utf8"), objects.describe("folders", digest));
}
