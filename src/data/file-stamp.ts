// What a file system says of a file without its bytes: enough to see that it is still the same.

/**
 * The four things that cannot all stay as they are when a file is written or replaced: restoring `mtime` moves `ctime`. A slice of `fs.Stats`;
 * its milliseconds have fractions down to 0.25 µs, while kernels stamp in steps of 1 µs to 4 ms.
 */
export interface FileStamp {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly ino: number;
}

export function isSameFile(a: FileStamp, b: FileStamp): boolean {
  return a.ctimeMs === b.ctimeMs && a.mtimeMs === b.mtimeMs && a.size === b.size && a.ino === b.ino;
}

/**
 * Whether a change right after `moment` could leave these stamps as they are, because the clock that stamps files had not moved on:
 * then stamps prove nothing. Stamps in the future count as such as well. See Git's "racy" index entries.
 */
export function isRacy(stamp: FileStamp, moment: number): boolean {
  // Whole seconds in both stamps: a file system that has no finer ones, some of which count in twos.
  const coarse = stamp.mtimeMs % 1000 === 0 && stamp.ctimeMs % 1000 === 0;
  return Math.max(stamp.mtimeMs, stamp.ctimeMs) >= moment - (coarse ? 2000 : 20);
}
