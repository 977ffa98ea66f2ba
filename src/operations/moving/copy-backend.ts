// Copies everything one backend holds into another, with all identities, in one transaction that ends with a comparison of both.

import { createHash } from "node:crypto";
import type { Connection } from "../../backend/backend.ts";
import { keptKinds, removableKinds, type KeptKind, type KeptRecords, type RemovableKind } from "../../backend/kept-records.ts"; // prettier-ignore
import { StratigraphError } from "../../errors.ts";
import { refuseOther, sameStore } from "./copy-refusals.ts";
import { everyKept, keptText, pageSize, pairs } from "./kept-difference.ts";

export interface CopyOptions {
  /** Counts what would be written and removed, and writes nothing. False unless told. */
  readonly dryRun?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called again and again while a kind is copied, and then while both sides are compared. */
  readonly on?: ((progress: CopyProgress) => void) | undefined;
}

export interface CopyProgress {
  readonly doing: "copy" | "compare";
  readonly kind: KeptKind;
  /** Of this kind, so far. */
  readonly records: number;
}

export interface CopiedKind {
  /** How many there are on both sides. */
  readonly records: number;
  /** Those that were not there yet, or not as they are. */
  readonly written: number;
  /** Those that are gone where they came from. */
  readonly removed: number;
}

export interface Copied {
  readonly kinds: Readonly<Record<KeptKind, CopiedKind>>;
  readonly records: number;
  readonly written: number;
  readonly removed: number;
  /** SHA-256 over every record, the same on both sides; `undefined` of a dry run, which compares nothing. */
  readonly digest: string | undefined;
  /** Something was written to the source after the moment that was copied; copy again to bring it. */
  readonly behind: boolean;
  /** What is in files, and so in no backend: managed values, and versions of models. */
  readonly files: { readonly partitions: number; readonly versions: number; readonly bytes: number };
}

/**
 * Everything but leases: the copy has the fingerprints, ids, numbers, times, histories and audit log of `from`, as they are at one moment.
 * All in one transaction of `to`, so a copy that ends in the middle has written nothing. `to` may be empty or an earlier copy: then only
 * what differs is written. Errors: COPY_REFUSED where it is neither, or the same as `from`; those of reading and writing.
 */
export async function copyBackend(from: Connection, to: Connection, options: CopyOptions = {}): Promise<Copied> {
  const { store } = await from.readCopyState();
  if (store === (await to.readCopyState()).store) throw sameStore();
  const copied =
    options.dryRun === true
      ? await from.atOneMoment((view) => to.atOneMoment((target) => copy(view, target, options)))
      : await to.transaction((tx) => from.atOneMoment((view) => copy(view, tx, options)));
  const { given } = await from.readCopyState();
  const { moment, ...answer } = copied;
  return { ...answer, behind: given > moment };
}

async function copy(
  from: Connection,
  to: Connection,
  options: CopyOptions,
): Promise<Omit<Copied, "behind"> & { readonly moment: number }> {
  const source = await from.readCopyState();
  const target = await to.readCopyState();
  if (!(await isEmpty(to))) await refuseOther(from, to, source, target);
  const kinds = {} as Record<KeptKind, CopiedKind>;
  for (const kind of keptKinds) kinds[kind] = await copyKind(kind, from, to, options);
  const { digest, files } = options.dryRun === true ? await filesOf(from) : await compare(from, to, kinds, options);
  const here = Math.max(source.given, target.given);
  const marked = target.copied?.from === source.given && target.copied.here === here;
  if (options.dryRun !== true && !marked)
    await to.writeCopyState({ given: here, copied: { from: source.given, here } });
  const sum = (count: keyof CopiedKind): number => Object.values(kinds).reduce((all, kind) => all + kind[count], 0);
  return {
    ...{ kinds, records: sum("records"), written: sum("written"), removed: sum("removed") },
    ...{ digest, files, moment: source.given },
  };
}

async function isEmpty(connection: Connection): Promise<boolean> {
  for (const kind of keptKinds) {
    if ((await connection.listKept(kind, { limit: 1 })).items.length > 0) return false;
  }
  return true;
}

async function copyKind<Kind extends KeptKind>(
  kind: Kind,
  from: Connection,
  to: Connection,
  { dryRun = false, signal, on }: CopyOptions,
): Promise<CopiedKind> {
  const put: KeptRecords[Kind][] = [];
  const drop: KeptRecords[Kind][] = [];
  let [records, written, removed] = [0, 0, 0];
  const flush = async (): Promise<void> => {
    signal?.throwIfAborted();
    written += put.length;
    removed += drop.length;
    if (!dryRun) {
      // What is gone first: what takes its place may have its name.
      if (drop.length > 0) await to.dropKept(demandRemovable(kind), drop as unknown as KeptRecords[RemovableKind][]);
      await to.putKept(kind, put);
    }
    put.length = 0;
    drop.length = 0;
    on?.({ doing: "copy", kind, records });
  };
  const most = pageSize(kind);
  for await (const { from: here, to: there } of pairs(kind, from, to)) {
    if (here === undefined) drop.push(there!);
    else {
      records++;
      if (there === undefined || keptText(here) !== keptText(there)) put.push(here);
    }
    if (put.length + drop.length >= most) await flush();
  }
  await flush();
  return { records, written, removed };
}

function demandRemovable(kind: KeptKind): RemovableKind {
  const removable = removableKinds.find((one) => one === kind);
  if (removable === undefined) throw notCopied(kind, "nothing of it can be removed");
  return removable;
}

/** Reads both sides to the end. What was found here is what decides, not what was meant to be written. */
async function compare(
  from: Connection,
  to: Connection,
  kinds: Readonly<Record<KeptKind, CopiedKind>>,
  { signal, on }: CopyOptions,
): Promise<Pick<Copied, "digest" | "files">> {
  const whole = createHash("sha256");
  let files = NO_FILES;
  for (const kind of keptKinds) {
    const sides = [createHash("sha256"), createHash("sha256")] as const;
    const counts = [0, 0];
    for (const [side, connection] of [from, to].entries()) {
      for await (const record of everyKept(kind, connection)) {
        sides[side]!.update(keptText(record)).update("\n");
        if (side === 0) files = withFile(files, kind, record);
        if (++counts[side]! % 1000 > 0) continue;
        signal?.throwIfAborted();
        on?.({ doing: "compare", kind, records: counts[side]! });
      }
    }
    const [one, other] = [sides[0].digest("hex"), sides[1].digest("hex")];
    if (one !== other || counts[0] !== counts[1] || counts[0] !== kinds[kind].records)
      throw notCopied(kind, `${counts[0]} here and ${counts[1]} there, or not the same`);
    whole.update(`${kind} ${one}\n`);
  }
  return { digest: whole.digest("hex"), files };
}

const NO_FILES: Copied["files"] = { partitions: 0, versions: 0, bytes: 0 };

async function filesOf(from: Connection): Promise<Pick<Copied, "digest" | "files">> {
  let files = NO_FILES;
  for (const kind of ["partitions", "versions"] as const) {
    for await (const record of everyKept(kind, from)) files = withFile(files, kind, record);
  }
  return { digest: undefined, files };
}

/** Sources lie where the user put them, and are not counted. */
function withFile(files: Copied["files"], kind: KeptKind, record: KeptRecords[KeptKind]): Copied["files"] {
  const { partitions, versions, bytes } = files;
  if (kind === "partitions") {
    const { storage, size } = record as KeptRecords["partitions"];
    return storage === "managed" ? { partitions: partitions + 1, versions, bytes: bytes + size } : files;
  }
  if (kind !== "versions") return files;
  const { artifact, deleted } = record as KeptRecords["versions"];
  if (artifact === undefined || deleted !== undefined) return files;
  return { partitions, versions: versions + 1, bytes: bytes + artifact.size };
}

function notCopied(kind: KeptKind, received: string): StratigraphError {
  return new StratigraphError("BACKEND_FAILED", "what arrived is not what was copied, so nothing of it was kept", {
    where: kind,
    received,
  });
}
