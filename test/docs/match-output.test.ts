// Comparing a page with what was printed lets through what differs from run to run, and nothing else.

import { describe, expect, it } from "vitest";
import { settle } from "../support/match-output.ts";

describe("a shown output", () => {
  it.each([
    ["a duration", "built days in 12 ms", "built days in 1.4 s"],
    ["a fingerprint", "snapshot 4f1c09aa82d1", "snapshot 09b2c4d5e6f7"],
    ["a moment", "at 2026-01-02T03:04:05.678Z", "at 2026-11-20T20:15:04.001Z"],
    ["what is left out of a line", "[..] is stale", "days[date=2026-01-02] is stale"],
    ["what is left out of a list", "first\n...\nlast", "first\nsecond\nthird\nlast"],
    ["space at the end of a line", "days", "days  "],
    ["progress told on the way", "days built", "days 3 of 9, total 0 of 1 (2.00 s, about 0.42 s left)\ndays built"],
  ])("stands for another run's: %s", (_what, shown, printed) => {
    expect(settle(printed, shown)).toBe(shown);
  });

  it.each([
    ["a count", "3 built, 1 reused", "4 built, 0 reused"],
    ["a date", "days[date=2026-01-02]", "days[date=2026-01-03]"],
    ["a word", "days is stale", "days is missing"],
    ["a line too many", "one", "one\ntwo"],
    ["a line too few", "one\ntwo", "one"],
  ])("does not stand for another %s", (_what, shown, printed) => {
    expect(settle(printed, shown)).not.toBe(shown);
  });
});
