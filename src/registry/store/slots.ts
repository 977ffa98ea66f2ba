// Slots: names that exactly one process can ever take, and the claims of version numbers that are made of them.

import { isDead } from "../../build/holder.ts";
import { StratigraphError } from "../../errors.ts";
import type { ModelName } from "../../backend/model-records.ts";
import { escapeName, isDeviceName } from "../../util/file-name.ts";
import { hashText } from "../../util/digest.ts";
import { showValue } from "../../util/show.ts";
import type { KnownNumbers, VersionClaim, VersionWish } from "../artifact-store.ts";
import { nextVersion, parseSemanticVersion } from "./semantic-version.ts";

/** What is written into a slot when it is taken. */
export interface Slot {
  /** "v1.2.0" or "#7". */
  readonly name: string;
  readonly holder: string;
  /** ISO time. */
  readonly at: string;
  /** Of a sequence number: the version that it was taken for. */
  readonly version?: string | undefined;
  /** Given back: whoever held it wrote no version and will not. */
  readonly released?: boolean | undefined;
}

/** A slot's name in storage has its generation behind it: "v1.2.0~1". No slot is ever removed, so taking one over is taking the next. */
export interface SlotStorage {
  /** Every model that has names, as `modelFolder` calls it. */
  models(): Promise<readonly string[]>;
  /** All names under a model, as they were taken. */
  list(model: string): Promise<readonly string[]>;
  read(model: string, name: string): Promise<Slot | undefined>;
  /** Takes it with its whole content in one step; false where it is taken. Durable when it resolves. */
  take(model: string, name: string, slot: Slot): Promise<boolean>;
}

export interface ClaimOptions {
  readonly slots: SlotStorage;
  readonly holder: string;
  readonly at: string;
}

/** See `ArtifactStore.claim`. */
export async function claimVersion(
  claim: ClaimOptions,
  model: ModelName,
  wish: VersionWish,
  known: KnownNumbers,
  isTaken: (version: string) => Promise<boolean>,
): Promise<VersionClaim> {
  const { slots, holder, at } = claim;
  const folder = modelFolder(model);
  const takeVersion = (version: string, generation: number): Promise<boolean> =>
    slots.take(folder, slotName(`v${version}`, generation), { name: `v${version}`, holder, at });

  if (!("version" in wish)) {
    const version = await claimNext(slots, folder, wish.bump, known, takeVersion);
    return { version, sequence: await nextSequence(claim, folder, version, known) };
  }
  const version = await claimPinned(slots, folder, checkVersion(wish.version), known, isTaken, takeVersion);
  if (wish.sequence === undefined) return { version, sequence: await nextSequence(claim, folder, version, known) };
  try {
    await claimSequence(claim, folder, version, wish.sequence);
  } catch (error) {
    await releaseVersion(claim, model, { version });
    throw error;
  }
  return { version, sequence: wish.sequence };
}

/** Gives a claimed version back, so that it can be claimed again while this process lives. Its sequence number stays used up. */
export async function releaseVersion(
  { slots, holder, at }: ClaimOptions,
  model: ModelName,
  { version }: Pick<VersionClaim, "version">,
): Promise<void> {
  const folder = modelFolder(model);
  for (;;) {
    const last = await lastGeneration(slots, folder, `v${version}`);
    if (last === 0) return;
    const slot = await slots.read(folder, slotName(`v${version}`, last));
    if (slot?.holder !== holder || slot.released === true) return;
    const given = { name: `v${version}`, holder, at, released: true };
    if (await slots.take(folder, slotName(`v${version}`, last + 1), given)) return;
  }
}

type TakeVersion = (version: string, generation: number) => Promise<boolean>;

async function claimPinned(
  slots: SlotStorage,
  folder: string,
  version: string,
  known: KnownNumbers,
  isTaken: (version: string) => Promise<boolean>,
  take: TakeVersion,
): Promise<string> {
  for (;;) {
    const last = await lastGeneration(slots, folder, `v${version}`);
    if (known.versions.includes(version)) throw exists(version, undefined);
    if (last > 0) {
      const slot = await slots.read(folder, slotName(`v${version}`, last));
      // Only one who is certainly gone, or said so, is succeeded; and only where nothing came of the claim, which is asked after it is known
      // that nothing more will.
      if (slot === undefined || (slot.released !== true && !isDead(slot.holder))) throw exists(version, slot);
      if (await isTaken(version)) throw exists(version, undefined);
    }
    if (await take(version, last + 1)) return version;
  }
}

async function claimNext(
  slots: SlotStorage,
  folder: string,
  bump: "patch" | "minor" | "major",
  known: KnownNumbers,
  take: TakeVersion,
): Promise<string> {
  const likely = nextVersion(known.versions, bump);
  if ((await isQuiet(slots, folder, known)) && (await take(likely, 1))) return likely;
  for (;;) {
    const claimed = (await slots.list(folder)).map((name) => /^v(.+)~\d+$/.exec(name)?.[1] ?? "");
    const version = nextVersion([...claimed, ...known.versions], bump);
    if (await take(version, 1)) return version;
  }
}

/**
 * Whether nobody has claimed anything since the newest version that is known. Then what follows it is most likely free, and taking it says
 * so: a model with ten thousand versions has twice as many slots, which take longer to list than all the rest of a registration.
 */
async function isQuiet(slots: SlotStorage, folder: string, { highestSequence }: KnownNumbers): Promise<boolean> {
  if (highestSequence === 0) return false;
  return (await slots.read(folder, slotName(`#${highestSequence + 1}`, 1))) === undefined;
}

async function nextSequence(
  { slots, holder, at }: ClaimOptions,
  folder: string,
  version: string,
  known: KnownNumbers,
): Promise<number> {
  const take = (sequence: number): Promise<boolean> => {
    const name = `#${sequence}`;
    return slots.take(folder, slotName(name, 1), { name, holder, at, version });
  };
  const likely = known.highestSequence + 1;
  if ((await isQuiet(slots, folder, known)) && (await take(likely))) return likely;
  for (;;) {
    const taken = await sequencesIn(slots, folder);
    const sequence = taken.reduce((highest, number) => Math.max(highest, number), known.highestSequence) + 1;
    if (await take(sequence)) return sequence;
  }
}

/** That very number: free, or taken for the same version by one who is gone and, as is known by now, left nothing. */
async function claimSequence(
  { slots, holder, at }: ClaimOptions,
  folder: string,
  version: string,
  sequence: number,
): Promise<void> {
  const name = `#${sequence}`;
  if (!Number.isSafeInteger(sequence) || sequence < 1) {
    throw new StratigraphError("VALIDATION_FAILED", "this is not a sequence number", {
      where: "sequence",
      expected: "a whole number from 1",
      received: showValue(sequence),
    });
  }
  for (;;) {
    const last = await lastGeneration(slots, folder, name);
    if (last > 0) {
      const slot = await slots.read(folder, slotName(name, last));
      if (slot?.version !== version || !(slot.holder === holder || isDead(slot.holder))) {
        throw new StratigraphError("VERSION_EXISTS", `sequence number ${sequence} was given already`, {
          received: slot?.version === undefined ? undefined : `a claim for version ${slot.version}`,
          hint: "Leave the number out to get the next one.",
          data: { sequence, version: slot?.version },
        });
      }
    }
    if (await slots.take(folder, slotName(name, last + 1), { name, holder, at, version })) return;
  }
}

async function lastGeneration(slots: SlotStorage, folder: string, name: string): Promise<number> {
  const prefix = slotName(name, "");
  let last = 0;
  for (const taken of await slots.list(folder)) {
    if (taken.startsWith(prefix)) last = Math.max(last, Number(taken.slice(prefix.length)));
  }
  return last;
}

async function sequencesIn(slots: SlotStorage, folder: string): Promise<readonly number[]> {
  return (await slots.list(folder)).map((name) => Number(/^#(\d+)~1$/.exec(name)?.[1] ?? 0));
}

function checkVersion(version: string): string {
  if (typeof version === "string" && parseSemanticVersion(version) !== undefined) return version;
  throw new StratigraphError("VALIDATION_FAILED", "this is not a semantic version", {
    where: "version",
    expected: "three numbers like 1.2.3, perhaps with -rc.1 behind them",
    received: showValue(version),
  });
}

function exists(version: string, slot: Slot | undefined): StratigraphError {
  const claimed = slot !== undefined;
  return new StratigraphError(
    "VERSION_EXISTS",
    claimed ? `version ${version} is being registered` : `version ${version} was given already`,
    {
      ...(claimed ? { received: `a claim by ${slot.holder} of ${slot.at}` } : {}),
      hint: claimed
        ? "Wait for that process, or choose another version."
        : "Choose another version, or leave it out to get the next one.",
      data: { version, holder: slot?.holder },
    },
  );
}

/** Any model as one path of two folders, each model another one, also where a file system does not tell `a` from `A`. */
export function modelFolder({ namespace, name }: ModelName): string {
  for (const [text, part] of [
    [namespace, "namespace"],
    [name, "name"],
  ] as const) {
    if (typeof text === "string" && NAME.test(text)) continue;
    throw new StratigraphError("VALIDATION_FAILED", "this is not a model's name", {
      where: part,
      expected: "1 to 255 letters, digits, '.', '_' and '-', the first of them a letter or digit",
      received: showValue(text),
    });
  }
  return `${folderName(namespace)}/${folderName(name)}`;
}

function slotName(name: string, generation: number | ""): string {
  return `${foldable(name)}~${generation}`;
}

/** Escaped texts have no `~`, so what has one behind it never meets another name. */
function folderName(text: string): string {
  const name = foldable(escapeName(text));
  if (name.length <= 160 && !isDeviceName(name) && !name.endsWith(".")) return name;
  return `${name.slice(0, 100)}~${hashText(text)}`;
}

/** Two names that differ in case only get different hashes. */
function foldable(name: string): string {
  return name === name.toLowerCase() ? name : `${name}~${hashText(name).slice(0, 12)}`;
}

const NAME = /^[A-Za-z0-9][\w.-]{0,254}$/;
