// The one way we write a file: temporary name beside the target, all bytes, fsync, rename; then the folders.

import * as fs from "node:fs";
import { constants } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { StratigraphError } from "../errors.ts";
import { makeFolder } from "./make-folder.ts";
import { tempName } from "./temp-name.ts";

export interface WriteFileOptions {
  /** 0o444 for files that never change again; 0o600 unless told. The umask applies. */
  readonly mode?: number | undefined;
  /** For the folders that have to be made; 0o700 unless told. The umask applies. */
  readonly folderMode?: number | undefined;
  /** Take the place of a file that is there. Unless told, an existing file is refused with STORAGE_FAILED and stays as it is. */
  readonly replace?: boolean | undefined;
  /** An absolute path below which no symbolic link is followed; checked on the folder and again on the open file. */
  readonly within?: string | undefined;
}

/**
 * Writes a file whole or not at all. Its bytes are durable when this resolves; its *name* is once `syncFolders` has been awaited, which
 * is separate so that many files share one sync of their folder. Nothing is left behind on failure.
 * Errors: STORAGE_FULL, STORAGE_READ_ONLY, LOCATION_TOO_LONG, STORAGE_FAILED.
 */
export async function writeFileDurably(path: string, bytes: Uint8Array, options: WriteFileOptions = {}): Promise<void> {
  const file = await createFile(path, bytes.byteLength, options);
  try {
    await file.write(bytes);
    await file.finish();
    file.place();
  } catch (error) {
    file.discard();
    throw error;
  }
}

/** A file that is written piece by piece under a temporary name beside its own. Errors as of `writeFileDurably`. */
export interface DurableFile {
  /** Takes the next bytes; the array may be reused once this resolves. */
  write(bytes: Uint8Array): Promise<void>;
  /** All bytes are there: makes them durable. */
  finish(): Promise<void>;
  /** Gives the finished file its name. */
  place(): void;
  /** Leaves nothing behind, unless it has its name already. May be called at any time, and twice. */
  discard(): void;
}

export function createFileDurably(path: string, options: WriteFileOptions = {}): Promise<DurableFile> {
  return createFile(path, 0, options);
}

/** `expected`: how many bytes there will be, for the message where they do not fit. */
async function createFile(path: string, expected: number, options: WriteFileOptions): Promise<DurableFile> {
  const { mode = 0o600, folderMode = 0o700, replace = false, within } = options;
  const temp = join(dirname(path), tempName());
  let fd: number | undefined;
  let made = false;
  let size = 0;
  const discard = (): void => {
    if (fd !== undefined) quietly(() => fs.closeSync(fd as number));
    fd = undefined;
    if (made) quietly(() => fs.unlinkSync(temp));
    made = false;
  };
  const failed = (cause: unknown): never => {
    discard();
    throw storageError(cause, path, Math.max(expected, size));
  };
  try {
    if (!replace && isThere(path)) {
      throw new StratigraphError("STORAGE_FAILED", "a file is there already and is not replaced", { where: path });
    }
    fd = await openTemp(temp, mode, folderMode, within);
    made = true;
    if (within !== undefined) checkDescriptor(fd, temp, within);
  } catch (cause) {
    failed(cause);
  }
  return {
    async write(bytes) {
      const at = size;
      size += bytes.byteLength;
      if (fd === undefined) return;
      await writeAll(fd, bytes, at).catch(failed);
    },
    async finish() {
      if (fd === undefined) return;
      try {
        // After an error of fsync the kernel may have dropped the bytes and call the next one a success: never asked twice.
        await sync(fd);
        fs.closeSync(fd);
        fd = undefined;
      } catch (cause) {
        failed(cause);
      }
    },
    place() {
      try {
        if (!made || fd !== undefined) throw new Error("the file was given up before it was whole");
        fs.renameSync(temp, path);
        made = false;
      } catch (cause) {
        failed(cause);
      }
    },
    discard,
  };
}

/**
 * Makes names durable: syncs the folder of each file, and the folders above it up to and including `base`, which may be new as well;
 * those above only once per process, as the entry of a folder that stays needs no second sync. Each folder once, all at the same time.
 * Throws STORAGE_FAILED.
 */
export async function syncFolders(files: Iterable<string>, base: string): Promise<void> {
  const top = resolve(base);
  const wanted = new Set<string>();
  const entries = new Map<string, number>();
  for (const file of files) {
    let folder = dirname(resolve(file));
    if (wanted.has(folder)) continue;
    wanted.add(folder);
    for (; folder.length > top.length && !entries.has(folder); folder = dirname(folder)) {
      const inode = fs.statSync(folder, { throwIfNoEntry: false })?.ino;
      if (inode === undefined || anchored.get(folder) === inode) break;
      entries.set(folder, inode);
      wanted.add(dirname(folder));
    }
  }
  await Promise.all([...wanted].map((folder) => syncFolder(folder)));
  for (const [folder, inode] of entries) anchored.set(folder, inode);
}

/**
 * For caches, which may be lost but not torn: the same temporary name and rename, without the syncs and without errors. Whoever reads the
 * file checks it, as a power cut may leave it empty. False where it could not be written.
 */
export function writeCacheFile(path: string, bytes: Uint8Array): boolean {
  const temp = join(dirname(path), tempName());
  try {
    makeFolder(dirname(path), 0o700);
    fs.writeFileSync(temp, bytes, { flag: "wx", mode: 0o600 });
    fs.renameSync(temp, path);
    return true;
  } catch {
    quietly(() => fs.rmSync(temp, { force: true }));
    return false;
  }
}

/** A write is tried and taken back, so that a place that cannot be written is known before anything is computed. Errors as for writing. */
export async function probeFolder(folder: string, folderMode = 0o700): Promise<void> {
  const temp = join(folder, tempName());
  try {
    const fd = await openTemp(temp, 0o600, folderMode, undefined);
    fs.closeSync(fd);
    fs.unlinkSync(temp);
  } catch (cause) {
    throw storageError(cause, folder, 0);
  }
}

// ---------------------------------------------------------------------------------------------------------------------

/** Folders whose entry in the folder above is known to be durable, by inode: one that was removed and made anew is another folder. */
const anchored = new Map<string, number>();

async function openTemp(temp: string, mode: number, folderMode: number, within: string | undefined): Promise<number> {
  const folder = dirname(temp);
  const { O_WRONLY, O_CREAT, O_EXCL } = fs.constants;
  const open = (): number => {
    if (within !== undefined) checkFolder(folder, within);
    return fs.openSync(temp, O_WRONLY | O_CREAT | O_EXCL, mode); // O_EXCL follows no link either
  };
  // The folder is there nearly always, and may go again at any time: whoever cleans up removes empty folders.
  for (let attempt = 0; ; attempt++) {
    try {
      return await whileDescriptorsLast(open);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT" || attempt === 3) throw error;
      makeFolderWithin(folder, folderMode, within);
    }
  }
}

function makeFolderWithin(folder: string, mode: number, within: string | undefined): void {
  // A link above a folder that does not exist yet would lead the making itself outside.
  if (within !== undefined && isThere(within)) checkFolder(nearestExisting(folder), within);
  makeFolder(folder, mode);
}

function nearestExisting(folder: string): string {
  let path = folder;
  while (!isThere(path) && dirname(path) !== path) path = dirname(path);
  return path;
}

/** Throws STORAGE_FAILED where a link stands between `within` and the folder. Above `within` links are the user's own business. */
function checkFolder(folder: string, within: string): void {
  checkReal(fs.realpathSync.native(folder), folder, within);
}

/** The folder may have been swapped for a link after it was checked, so what was opened is asked where it is. */
function checkDescriptor(fd: number, temp: string, within: string): void {
  let real: string;
  try {
    real = fs.readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    checkFolder(dirname(temp), within); // no /proc: a look at the path again is the best there is
    return;
  }
  checkReal(real, temp, within);
}

function checkReal(real: string, asked: string, within: string): void {
  const expected = join(fs.realpathSync.native(within), relative(within, asked));
  if (real === expected || (foldsNames && fold(real) === fold(expected))) return;
  throw new StratigraphError("STORAGE_FAILED", "a symbolic link leads out of the folder that may be written", {
    where: asked,
    expected,
    received: real,
    hint: "Remove the link, or declare the place it points to.",
  });
}

const foldsNames = process.platform !== "linux";

function fold(path: string): string {
  return path.normalize("NFC").toLowerCase();
}

const CHUNK = 4 * 1024 * 1024;
/** Above this a write is handed to a thread, so that the event loop goes on. */
const BLOCKING_LIMIT = 1024 * 1024;

/** With positions, so that a write that a signal cut short goes on where it stopped and nowhere else. */
async function writeAll(fd: number, bytes: Uint8Array, from: number): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) {
    const length = Math.min(CHUNK, bytes.byteLength - at);
    const written =
      bytes.byteLength <= BLOCKING_LIMIT
        ? fs.writeSync(fd, bytes, at, length, from + at)
        : await write(fd, bytes, at, length, from + at);
    if (written === 0) throw Object.assign(new Error("the file system took no bytes"), { code: "ENOSPC" });
    at += written; // a short write is no error: the next one says why
  }
}

function write(fd: number, bytes: Uint8Array, at: number, length: number, position: number): Promise<number> {
  return new Promise((done, failed) => {
    fs.write(fd, bytes, at, length, position, (error, written) => (error === null ? done(written) : failed(error)));
  });
}

/** In a thread: a real disk takes milliseconds, and syncs that wait together are one commit of its journal. */
function sync(fd: number): Promise<void> {
  return new Promise((done, failed) => {
    fs.fsync(fd, (error) => (error === null ? done() : failed(error)));
  });
}

async function syncFolder(folder: string): Promise<void> {
  let fd: number | undefined;
  try {
    fd = await whileDescriptorsLast(() => fs.openSync(folder, fs.constants.O_RDONLY));
    await sync(fd);
  } catch (cause) {
    // Windows opens no folders and some network file systems sync none: there a name is as durable as the system makes it.
    if (process.platform === "win32" || ["EINVAL", "ENOTSUP"].includes(errnoOf(cause) ?? "")) return;
    throw storageError(cause, folder, 0);
  } finally {
    const open = fd;
    if (open !== undefined) quietly(() => fs.closeSync(open));
  }
}

/** Other work gives descriptors back soon: waits up to about five seconds for one. */
async function whileDescriptorsLast<T>(attempt: () => T): Promise<T> {
  for (let delay = 10; ; delay *= 2) {
    try {
      return attempt();
    } catch (error) {
      const code = errnoOf(error);
      if ((code !== "EMFILE" && code !== "ENFILE") || delay > 2560) throw error;
    }
    await wait(delay);
  }
}

function isThere(path: string): boolean {
  return fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function quietly(action: () => void): void {
  try {
    action();
  } catch {
    // The first error is the one to tell; a temporary file that stays is swept later.
  }
}

// ---------------------------------------------------------------------------------------------------------------------

/** The code of a system error, "ENOENT"; `undefined` for anything else. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { code, errno } = error as { readonly code?: unknown; readonly errno?: unknown };
  // Node has no name for a used-up quota and calls it UNKNOWN.
  if (code === "UNKNOWN" && errno === -constants.errno.EDQUOT) return "EDQUOT";
  return typeof code === "string" ? code : undefined;
}

/** A file system's refusal as one of our errors: which path, why, what to do. `bytes`: what was to be written. */
export function storageError(cause: unknown, path: string, bytes: number): StratigraphError {
  if (cause instanceof StratigraphError) return cause;
  const errno = errnoOf(cause);
  const details = { where: path, cause, data: { path, errno, bytes } };
  switch (errno) {
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG": {
      const what =
        errno === "ENOSPC"
          ? "the disk is full"
          : errno === "EDQUOT"
            ? "the disk quota is used up"
            : "the file would exceed the largest size allowed";
      const { free, volume } = spaceAt(path);
      return new StratigraphError("STORAGE_FULL", `${what} while writing ${count(bytes, "byte")}`, {
        ...details,
        expected: `room for ${count(bytes, "byte")} on ${volume}`,
        received: free === undefined ? undefined : `${count(free, "byte")} free`,
        hint: "Nothing was kept of the write; free some space and run the same command again.",
        data: { ...details.data, volume, free },
      });
    }
    case "EACCES":
    case "EPERM":
    case "EROFS": {
      const what = errno === "EROFS" ? "the file system is read-only" : "permission denied";
      return new StratigraphError("STORAGE_READ_ONLY", what, {
        ...details,
        hint: "Make the folder writable for this user, or choose another one.",
      });
    }
    case "ENAMETOOLONG":
      return new StratigraphError("LOCATION_TOO_LONG", "the file system does not take a path of this length", {
        ...details,
        received: `${count(Buffer.byteLength(path), "byte")}`,
        hint: "Shorten the template or the partition values.",
      });
    case "EMFILE":
    case "ENFILE":
      return new StratigraphError("STORAGE_FAILED", "too many files are open, and none was closed in five seconds", {
        ...details,
        hint: "Raise the limit (ulimit -n) or build with less concurrency.",
      });
    case "EIO":
      return new StratigraphError("STORAGE_FAILED", "the disk reported an error", {
        ...details,
        hint: "Nothing was kept of the write.",
      });
    case "EXDEV":
      return new StratigraphError(
        "STORAGE_FAILED",
        "the file system changed between the temporary file and the final name",
        details,
      );
    case "ENOTDIR":
      return new StratigraphError("STORAGE_FAILED", "a file is where a folder should be", details);
    case "ENOENT":
      return new StratigraphError("STORAGE_FAILED", "there is no such place in the file system", details);
    case "EISDIR":
      return new StratigraphError("STORAGE_FAILED", "a folder is where a file should be", details);
    default:
      return new StratigraphError(
        "STORAGE_FAILED",
        `the file system said ${errno ?? (cause instanceof Error ? cause.message : String(cause))}`,
        details,
      );
  }
}

/** The same where something was to be read: what is denied then is not the writing. */
export function readError(cause: unknown, path: string): StratigraphError {
  const errno = errnoOf(cause);
  if (errno !== "EACCES" && errno !== "EPERM") return storageError(cause, path, 0);
  return new StratigraphError("STORAGE_FAILED", "this may not be read: permission denied", {
    where: path,
    cause,
    data: { path, errno },
    hint: "Give this user permission to read it.",
  });
}

/** The mount point of a path: the highest folder on the same device. */
function spaceAt(path: string): { readonly volume: string; readonly free: number | undefined } {
  try {
    let volume = nearestExisting(resolve(path));
    const { bavail, bsize } = fs.statfsSync(volume);
    const device = fs.statSync(volume).dev;
    while (dirname(volume) !== volume && fs.statSync(dirname(volume)).dev === device) volume = dirname(volume);
    return { volume, free: bavail * bsize };
  } catch {
    return { volume: dirname(path), free: undefined };
  }
}

function count(n: number, noun: string): string {
  return `${n.toLocaleString("en-US")} ${noun}${n === 1 ? "" : "s"}`;
}
