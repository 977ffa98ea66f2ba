// Which process holds a lock on a byte of a file, as far as the system tells.

import { readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import { cutText } from "./cut-text.ts";

/** "process 123 (node build.js)"; `undefined` where nobody holds it or it cannot be seen. Looks at the kernel's list, never opens the file. */
export function findLockHolder(path: string, byte: number): string | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const inode = statSync(path).ino;
    for (const line of readFileSync("/proc/locks", "latin1").split("\n")) {
      // "1: POSIX  ADVISORY  WRITE 1234 08:01:5678 120 120"
      const match = /^\d+: POSIX +\S+ +WRITE (\d+) \S+:(\d+) (\d+) (\d+|EOF)$/.exec(line);
      if (match === null || Number(match[2]) !== inode) continue;
      const [start, end] = [Number(match[3]), match[4] === "EOF" ? Infinity : Number(match[4])];
      if (start <= byte && byte <= end) return describeProcess(Number(match[1]));
    }
  } catch {
    // The file is gone, or the list is hidden: then nobody can be named.
  }
  return undefined;
}

function describeProcess(pid: number): string {
  if (pid === process.pid) return `this process (${pid})`;
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    // Names without their folders: what says which program it is must not fall behind the cut.
    const command = words
      .map((word) => basename(word))
      .join(" ")
      .trim();
    if (command !== "") return `process ${pid} (${cutText(command, 100)})`;
  } catch {
    // Ended in between, or another user's.
  }
  return `process ${pid}`;
}
