// Who holds a lease or runs a build: this process, told apart from every other one, also from a later one with the same number.

import { readFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";

let holders = 0;

/**
 * "user@host pid start/n": `start` is the kernel's start time of the process where there is one, so a reused pid is not mistaken;
 * `n` tells two builds in one process apart, which share work like any other two.
 */
export function newHolder(): string {
  return `${userName()}@${hostname()} ${process.pid} ${startTime(process.pid) ?? "-"}/${++holders}`;
}

/** Who did something, for tags and history: the user's name. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env["USER"] ?? "unknown"; // a container user without an entry in the password file
  }
}

/** True only if the process is certainly gone: it ran on this host, and no such process runs now. */
export function isDead(holder: string): boolean {
  const match = /@(.*) (\d+) ([^\s/]+)\/\d+$/.exec(holder);
  if (match === null || match[1] !== hostname()) return false;
  const pid = Number(match[2]);
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
  return match[3] !== "-" && startTime(pid) !== undefined && startTime(pid) !== match[3];
}

function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A killed process whose parent has not looked yet is still listed; it does nothing any more.
    if (fields[0] === "Z" || fields[0] === "X") return "ended";
    return fields[19];
  } catch {
    return undefined;
  }
}
