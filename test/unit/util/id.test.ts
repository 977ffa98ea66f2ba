import { describe, expect, it } from "vitest";
import { systemClock, type Clock } from "../../../src/util/clock.ts";
import { createId } from "../../../src/util/id.ts";

const clockAt = (...times: number[]): Clock => {
  let last = 0;
  return { now: () => (last = times.shift() ?? last), monotonic: () => 0 };
};

describe("an id", () => {
  it("is 26 characters of Crockford's alphabet", () => {
    for (let n = 0; n < 1000; n++) expect(createId(systemClock)).toMatch(/^[0-9a-hjkmnp-tv-z]{26}$/);
  });

  it("sorts as text in the order it was made, within a millisecond, across it, and when the clock goes back", () => {
    const clock = clockAt(1000, 1000, 1000, 1001, 999, 1001, 5, 2000, 2000);
    const ids = Array.from({ length: 9 }, () => createId(clock));

    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(9);
  });

  it("of a later time sorts later, whoever made it", () => {
    const ids = [0, 1, 31, 32, 1_000_000, 1_767_323_045_678, 2 ** 48].map((time) => createId(clockAt(time)));

    expect([...ids].sort()).toEqual(ids);
  });

  it("is not met twice in 200,000, not even at a standing clock", () => {
    const clock = clockAt(7);
    const ids = new Set(Array.from({ length: 200_000 }, () => createId(clock)));

    expect(ids.size).toBe(200_000);
  });

  it("differs between two clocks that tell the same time, as between two processes", () => {
    expect(createId(clockAt(7))).not.toBe(createId(clockAt(7)));
  });

  it("borrows the next millisecond after a million in one", () => {
    const clock = clockAt(7);
    let last = createId(clock);
    for (let n = 0; n < 2 ** 20; n++) {
      const next = createId(clock);
      if (next <= last) throw new Error(`${next} came after ${last}`);
      last = next;
    }
    expect(last.slice(0, 10)).toBe("0000000008");
  });
});
