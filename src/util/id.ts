// Sortable unique ids: 26 characters of time, counter and chance.

import { randomFillSync } from "node:crypto";
import type { Clock } from "./clock.ts";

/**
 * A new id of 26 characters `0-9 a-z` without i, l, o and u (Crockford's base 32): 10 of milliseconds since 1970, 4 of a counter, 12
 * (60 bits) at random. Ids sort by time as text; those of one process and clock sort in the order they were made, even when the
 * clock stands still or goes back.
 */
export function createId(clock: Clock): string {
  let last = lastByClock.get(clock);
  if (last === undefined) lastByClock.set(clock, (last = { time: 0, counter: -1 }));
  const now = clock.now();
  if (now > last.time) {
    last.time = Math.floor(now);
    last.counter = 0;
  } else if (++last.counter === 2 ** 20) {
    last.time++; // a million in one millisecond: borrow the next
    last.counter = 0;
  }
  return base32(last.time, 10) + base32(last.counter, 4) + randomText();
}

/** Milliseconds since 1970 when an id was made; `undefined` for a text that is none of ours. */
export function idTime(id: string): number | undefined {
  if (!/^[0-9a-hjkmnp-tv-z]{26}$/.test(id)) return undefined;
  let time = 0;
  for (const character of id.slice(0, 10)) time = time * 32 + ALPHABET.indexOf(character);
  return time < 2 ** 48 ? time : undefined;
}

const lastByClock = new WeakMap<Clock, { time: number; counter: number }>();

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

function base32(number: number, width: number): string {
  let text = "";
  for (let rest = number; text.length < width; rest = Math.floor(rest / 32)) text = ALPHABET.charAt(rest % 32) + text;
  return text;
}

// Filled in bulk: asking for 12 bytes at a time costs more than the rest of an id.
const pool = new Uint8Array(12 * 256);
let used = pool.length;

function randomText(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  let text = "";
  for (const end = used + 12; used < end; used++) text += ALPHABET.charAt((pool[used] as number) % 32);
  return text;
}
