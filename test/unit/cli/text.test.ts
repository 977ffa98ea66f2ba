// Text measured, aligned and counted as a person at a terminal sees it.

import { describe, expect, it } from "vitest";
import { bytesText, count, duration, moment, number } from "../../../src/cli/terminal/quantity.ts";
import { table } from "../../../src/cli/terminal/table.ts";
import { fit, widthOf } from "../../../src/cli/terminal/width.ts";
import { enumeration } from "../../../src/util/enumeration.ts";

describe("the width of text", () => {
  it("counts columns, not characters", () => {
    expect(widthOf("days")).toBe(4);
    expect(widthOf("Größe")).toBe(5);
    expect(widthOf("日本")).toBe(4);
    expect(widthOf("e\u0301")).toBe(1);
    expect(widthOf("🚀")).toBe(2);
    expect(widthOf("ｗｉｄｅ")).toBe(8);
  });

  it("counts colours as nothing", () => {
    expect(widthOf("\u001b[31mred\u001b[39m")).toBe(3);
  });

  it("is never more than what was asked for when text is cut", () => {
    expect(fit("transactions", 8)).toBe("transac…");
    expect(fit("transactions", 12)).toBe("transactions");
    expect(widthOf(fit("日本語日本語", 6))).toBeLessThanOrEqual(6);
    expect(fit("anything", 0)).toBe("");
  });
});

describe("a table", () => {
  it("aligns by what is seen", () => {
    const lines = table([
      ["日本", "built"],
      ["days", "\u001b[32mreused\u001b[39m", "x"],
    ]);

    expect(lines).toEqual(["日本  built", "days  \u001b[32mreused\u001b[39m  x"]);
    expect(lines[0]!.endsWith(" ")).toBe(false);
  });

  it("puts numbers at their right edge", () => {
    expect(
      table(
        [
          ["a", "1"],
          ["b", "100"],
        ],
        { right: [1], indent: "  " },
      ),
    ).toEqual(["  a    1", "  b  100"]);
  });
});

describe("quantities", () => {
  it("say durations in the unit that fits", () => {
    expect([4, 83, 9_994, 12_340, 184_000, 7_500_000].map(duration)).toEqual([
      "0.00 s",
      "0.08 s",
      "9.99 s",
      "12.3 s",
      "3 min 04 s",
      "2 h 05 min",
    ]);
  });

  it("never say sixty seconds or sixty minutes", () => {
    for (let milliseconds = 0; milliseconds < 8_000_000; milliseconds += 373) {
      expect(duration(milliseconds)).not.toMatch(/\b60\b|^60\./);
    }
  });

  it("say sizes in powers of 1000", () => {
    expect([0, 999, 1_000, 1_249, 99_950, 999_499, 999_999, 3_400_000, 2e12].map(bytesText)).toEqual([
      "0 B",
      "999 B",
      "1.0 kB",
      "1.2 kB",
      "100 kB",
      "999 kB",
      "1.0 MB",
      "3.4 MB",
      "2.0 TB",
    ]);
  });

  it("group digits alike on every machine, and know one from many", () => {
    expect(number(1_234_567)).toBe("1,234,567");
    expect(number(123)).toBe("123");
    expect(count(1, "partition")).toBe("1 partition");
    expect(count(0, "partition")).toBe("0 partitions");
    expect(enumeration(["a", "b", "c"])).toBe("a, b and c");
    expect(enumeration(["a"])).toBe("a");
    expect(moment("2026-01-02T14:05:09.123Z")).toBe("2026-01-02 14:05:09");
  });
});
