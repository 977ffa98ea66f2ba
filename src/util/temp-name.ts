// Names of temporary files, which say who made them and when.

import { hostname } from "node:os";
import { systemClock } from "./clock.ts";
import { hashText } from "./digest.ts";

/** Every temporary file we make begins with this. Discovery never takes such a file for data. */
export const TEMP_PREFIX = ".strata-tmp-";

export interface TempOwner {
  readonly pid: number;
  /** 8 hex characters for the host's name. */
  readonly host: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** 8 hex characters for this host's name. */
export const thisHost: string = hashText(hostname()).slice(0, 8);

/** A name that no other file has: at most 64 ASCII characters. */
export function tempName(): string {
  made += 1;
  const random = Math.floor(Math.random() * 2 ** 32).toString(36);
  return `${TEMP_PREFIX}${process.pid}-${thisHost}-${systemClock.now().toString(36)}-${made.toString(36)}${random}`;
}

/** Who made a temporary file, from its name alone; `undefined` for any other file. */
export function parseTempName(name: string): TempOwner | undefined {
  const match = TEMP_NAME.exec(name);
  if (match === null) return undefined;
  const [, pid, host, time] = match;
  return { pid: Number(pid), host: host as string, createdAt: Number.parseInt(time as string, 36) };
}

const TEMP_NAME = /^\.strata-tmp-(\d+)-([0-9a-f]{8})-([0-9a-z]+)-[0-9a-z]+$/;

let made = 0;
