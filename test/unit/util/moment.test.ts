// Moments and version ranges as people write them.

import { describe, expect, it } from "vitest";
import { parseMoment } from "../../../src/util/moment.ts";
import { parseVersionRange } from "../../../src/util/version-range.ts";
import { failureOf } from "../../support/folder.ts";

describe("a moment", () => {
  it("is the same in every zone it is written in", () => {
    const moment = Date.UTC(2026, 0, 2, 6);
    const forms = ["2026-01-02T06:00:00Z", "2026-01-02T08:00:00+02:00", "2026-01-02T08:00+0200", "2026-01-02 08:00+02"];

    for (const text of forms) expect(parseMoment(text, "since"), text).toBe(moment);
    expect(parseMoment("2026-01-02", "since")).toBe(Date.UTC(2026, 0, 2));
    expect(parseMoment(new Date(moment), "since")).toBe(moment);
  });

  it.each(["2026-01-02T06:00:00", "2026-02-30", "2026-13-01", "yesterday", "", "2026-01-02T25:00:00Z"])(
    "is not '%s'",
    async (text) => {
      expect((await failureOf(() => parseMoment(text, "since"))).code).toBe("VALIDATION_FAILED");
    },
  );
});

describe("a range of versions", () => {
  it.each([
    [">=0.3", ["0.3.0", "0.10.0", "1.0.0"], ["0.2.9", "0.3.0-rc.1"]],
    [">=0.3 <0.5", ["0.3.0", "0.4.99"], ["0.5.0", "0.2.0"]],
    ["0.3", ["0.3.0", "0.3.7"], ["0.4.0", "0.2.9"]],
    ["1", ["1.0.0", "1.9.9"], ["2.0.0", "0.9.0"]],
    ["=1.2.3", ["1.2.3", "v1.2.3", "1.2.3+build"], ["1.2.4"]],
    [">0.3", ["0.4.0"], ["0.3.9"]],
    ["<= 0.3", ["0.3.9", "0.1.0"], ["0.4.0"]],
    [">1.0.0-alpha", ["1.0.0-alpha.1", "1.0.0-beta", "1.0.0"], ["1.0.0-alpha", "0.9.0"]],
  ])("%s holds the ones within and no others", (range, inside, outside) => {
    const test = parseVersionRange(range);

    for (const version of inside) expect(test(version), version).toBe(true);
    for (const version of [...outside, "unknown", ""]) expect(test(version), version).toBe(false);
  });

  it("is refused where it means nothing", async () => {
    expect((await failureOf(() => parseVersionRange("new"))).code).toBe("VALIDATION_FAILED");
  });
});
