// Looks whether everything that a project stands on is as it should be.

import { lstatSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Backend } from "../backend/backend.ts";
import { isDead } from "../build/holder.ts";
import { openWorkspace, type Workspace } from "../build/workspace.ts";
import { isStratigraphError } from "../errors.ts";
import { systemClock, type Clock } from "../util/clock.ts";
import { findStrayFiles } from "./gc.ts";
import { everyItem } from "../backend/pages.ts";

export type CheckStatus = "ok" | "warn" | "fail";

export interface Check {
  readonly name: string;
  readonly status: CheckStatus;
  /** A sentence, or a value. */
  readonly says: string;
  readonly hint?: string | undefined;
}

export interface DoctorOptions {
  readonly backend: Backend;
  readonly root: string;
  /** The state folder. */
  readonly home: string;
  readonly clock?: Clock | undefined;
}

/** File systems whose locks or memory maps do not hold between hosts, by the number statfs(2) gives. */
const SHARED_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB2"],
  [0x01021997, "9P"],
  [0x65735546, "FUSE"],
  [0x5346414f, "AFS"],
  [0x00c36400, "Ceph"],
]);
const LOCAL_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0xef53, "ext4"],
  [0x58465342, "XFS"],
  [0x9123683e, "Btrfs"],
  [0x01021994, "tmpfs"],
  [0x2fc12fc1, "ZFS"],
  [0x794c7630, "overlay"],
]);
const LITTLE_SPACE = 500e6;
/** Milliseconds by which clocks may differ unremarked. */
const CLOCK_SLACK = 5_000;

/** Checks that hold for every project; what depends on the backend is asked of the backend. Changes nothing but a file of its own, which it removes. */
export async function examine(options: DoctorOptions): Promise<Check[]> {
  const { home, clock = systemClock } = options;
  const checks: Check[] = [checkNode()];
  const there = folderChecks(home, clock);
  for (const check of there) checks.push(check);
  for (const check of await storeChecks(options)) checks.push(check);
  return checks;
}

function checkNode(): Check {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const fits = major > 20 || (major === 20 && minor >= 19);
  return {
    name: "node",
    status: fits ? "ok" : "fail",
    says: `${process.versions.node} at ${process.execPath}`,
    hint: fits ? undefined : "Install Node 20.19 or newer.",
  };
}

function folderChecks(home: string, clock: Clock): Check[] {
  const stats = lstatSync(home, { throwIfNoEntry: false });
  if (stats === undefined)
    return [{ name: "state folder", status: "ok", says: `${home} is not there yet; the first build makes it` }];
  const open = (statSync(home).mode & 0o077) !== 0;
  return [
    open
      ? { name: "state folder", status: "warn", says: `${home} can be read by other users`, hint: `chmod 700 ${home}` }
      : { name: "state folder", status: "ok", says: home },
    fileSystemCheck(home),
    writeCheck(home, clock),
  ];
}

function fileSystemCheck(home: string): Check {
  const { type, bavail, bsize } = statfsSync(home);
  const free = bavail * bsize;
  const shared = SHARED_FILE_SYSTEMS.get(type);
  const name = shared ?? LOCAL_FILE_SYSTEMS.get(type) ?? `type 0x${type.toString(16)}`;
  if (shared !== undefined) {
    return {
      name: "file system",
      status: "fail",
      says: `${shared}: a database on it can lose what two hosts write at once`,
      hint: "Keep the state folder on a disk of this machine.",
    };
  }
  const gigabytes = `${(free / 1e9).toFixed(1)} GB free`;
  if (free >= LITTLE_SPACE) return { name: "file system", status: "ok", says: `${name}, ${gigabytes}` };
  return {
    name: "file system",
    status: "warn",
    says: `${name}, only ${gigabytes}`,
    hint: "Make room, or look what could go: strata gc",
  };
}

/** Whether a file can be written, and whether the file system's clock agrees with ours: stamps of files are compared with it. */
function writeCheck(home: string, clock: Clock): Check {
  const probe = join(home, `.doctor-${process.pid}`);
  try {
    const before = clock.now();
    writeFileSync(probe, "", { mode: 0o600 });
    const { mtimeMs } = statSync(probe);
    const skew = Math.round(mtimeMs - before);
    if (Math.abs(skew) <= CLOCK_SLACK)
      return { name: "writing", status: "ok", says: "files can be written, and get the right time" };
    return {
      name: "writing",
      status: "warn",
      says: `files get a time that is ${(skew / 1000).toFixed(1)} s off`,
      hint: "Set the clocks of this machine and of the file server alike.",
    };
  } catch (error) {
    return {
      name: "writing",
      status: "fail",
      says: `no file can be written: ${messageOf(error)}`,
      hint: `Look at the rights of ${home}.`,
    };
  } finally {
    rmSync(probe, { force: true });
  }
}

async function storeChecks({ backend, root, home, clock = systemClock }: DoctorOptions): Promise<Check[]> {
  if (backend.home !== undefined && lstatSync(home, { throwIfNoEntry: false }) === undefined) return [];
  let workspace: Workspace;
  try {
    workspace = await openWorkspace({ backend, root, readOnly: true, clock });
  } catch (error) {
    return [storeFailure(backend, error)];
  }
  try {
    return [...(await historyChecks(workspace)), ...(await buildChecks(workspace)), await strayCheck(workspace)];
  } catch (error) {
    return [storeFailure(backend, error)];
  } finally {
    await workspace.close();
  }
}

function storeFailure(backend: Backend, error: unknown): Check {
  if (!isStratigraphError(error)) throw error;
  if (error.code === "BACKEND_MISSING") return { name: "history", status: "ok", says: "nothing built yet" };
  return { name: "history", status: "fail", says: `${backend.kind}: ${error.what}`, hint: error.hint };
}

async function historyChecks({ connection, clock, backend }: Workspace): Promise<Check[]> {
  const { items } = await connection.listSnapshots(undefined, { limit: 1 });
  const [newest] = items;
  if (newest === undefined) return [{ name: "history", status: "ok", says: `${backend.kind}, nothing built yet` }];
  const ahead = Date.parse(newest.createdAt) - clock.now();
  const check: Check =
    ahead > CLOCK_SLACK
      ? {
          name: "clock",
          status: "warn",
          says: `the newest snapshot is ${Math.round(ahead / 1000)} s in the future`,
          hint: "Set this machine's clock; the order of snapshots does not depend on it.",
        }
      : { name: "clock", status: "ok", says: new Date(clock.now()).toISOString() };
  return [
    check,
    {
      name: "history",
      status: "ok",
      says: `newest snapshot ${newest.id.slice(0, 8)} of '${newest.graph}' is ${newest.state}`,
    },
  ];
}

async function buildChecks({ connection }: Workspace): Promise<Check[]> {
  let [running, lost] = [0, 0];
  for await (const { holder } of everyItem((page) => connection.listRuns({ kind: "build", state: "running" }, page))) {
    if (isDead(holder)) lost++;
    else running++;
  }
  return [
    lost === 0
      ? { name: "builds", status: "ok", says: running === 0 ? "none running" : `${running} running` }
      : {
          name: "builds",
          status: "warn",
          says: `${lost} ended without saying how; what they held is free`,
          hint: "Build again: it goes on where they were.",
        },
  ];
}

async function strayCheck(workspace: Workspace): Promise<Check> {
  const files = await findStrayFiles(workspace);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return files.length === 0
    ? { name: "left-over files", status: "ok", says: "none" }
    : {
        name: "left-over files",
        status: "warn",
        says: `${files.length}, ${(bytes / 1e6).toFixed(1)} MB`,
        hint: "See them: strata gc",
      };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
