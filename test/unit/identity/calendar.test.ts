import { describe, expect, it } from "vitest";
import { calendarKinds, coarsenNumber, formatLabel, parseLabel } from "../../../src/identity/calendar.ts";
import { fc } from "../../support/random.ts";

const DAY = 86_400_000;
/** Days since 1970 of the years 0000 to 9999. */
const days = fc.integer({
  min: Date.parse("0000-01-01T00:00:00Z") / DAY,
  max: Date.parse("9999-12-31T00:00:00Z") / DAY,
});

/** The ISO week by the rule of the standard's text: the week belongs to the year its Thursday is in. */
function isoWeek(day: number): string {
  const date = new Date(day * DAY);
  const thursday = new Date((day + 4 - (date.getUTCDay() || 7)) * DAY);
  const year = thursday.toISOString().slice(0, 4);
  const week = Math.floor((thursday.getTime() - Date.parse(`${year}-01-01T00:00:00Z`)) / DAY / 7) + 1;
  return `${year}-W${String(week).padStart(2, "0")}`;
}

describe("a calendar label", () => {
  it("of a day, its week and its month is what the Date of the language says, for every day of ten thousand years", () => {
    fc.assert(
      fc.property(days, (day) => {
        const iso = new Date(day * DAY).toISOString().slice(0, 10);
        const label = (kind: "weekly" | "monthly"): string | undefined =>
          formatLabel(kind, coarsenNumber("daily", day, kind) as number);

        expect(formatLabel("daily", day)).toBe(iso);
        expect(parseLabel("daily", iso)).toBe(day);
        expect(label("monthly")).toBe(iso.slice(0, 7));
        const thursdayYear = new Date((day + 3) * DAY).getUTCFullYear();
        if (thursdayYear <= 9999 && thursdayYear >= 1) expect(label("weekly")).toBe(isoWeek(day));
      }),
      { numRuns: 20_000 },
    );
  });

  it("is read back as the number it was made from", () => {
    for (const kind of calendarKinds) {
      fc.assert(
        fc.property(fc.integer({ min: -20_000, max: 90_000 }), (number) => {
          expect(parseLabel(kind, formatLabel(kind, number) as string)).toBe(number);
        }),
        { numRuns: 3000 },
      );
    }
  });

  it("sorts as text as it does in time", () => {
    for (const kind of calendarKinds) {
      fc.assert(
        fc.property(fc.integer({ min: -20_000, max: 90_000 }), fc.integer({ min: 1, max: 5000 }), (number, later) => {
          expect((formatLabel(kind, number) as string) < (formatLabel(kind, number + later) as string)).toBe(true);
        }),
      );
    }
  });

  it.each([
    ["daily", "2024-02-29"],
    ["daily", "2000-02-29"],
    ["daily", "0000-01-01"],
    ["daily", "0099-12-31"],
    ["daily", "9999-12-31"],
    ["weekly", "2020-W53"],
    ["weekly", "2026-W53"],
    ["weekly", "2025-W52"],
    ["monthly", "2026-12"],
    ["hourly", "2026-01-02T00"],
    ["hourly", "2026-01-02T23"],
  ] as const)("%s %s is real", (kind, label) => {
    expect(formatLabel(kind, parseLabel(kind, label) as number)).toBe(label);
  });

  it.each([
    ["daily", "2023-02-29"],
    ["daily", "1900-02-29"],
    ["daily", "2026-04-31"],
    ["daily", "2026-13-01"],
    ["daily", "2026-00-01"],
    ["daily", "2026-01-00"],
    ["daily", "2026-1-2"],
    ["daily", "20260102"],
    ["daily", " 2026-01-02"],
    ["daily", "2026-01-02\n"],
    ["daily", "2026-01-02T00"],
    ["daily", "+02026-01-02"],
    ["daily", "２０２６-01-02"],
    ["weekly", "2025-W53"],
    ["weekly", "2026-W00"],
    ["weekly", "2026-W54"],
    ["weekly", "2026-W1"],
    ["weekly", "2026-w01"],
    ["monthly", "2026-00"],
    ["monthly", "2026-13"],
    ["hourly", "2026-01-02T24"],
    ["hourly", "2026-02-30T01"],
    ["hourly", "2026-01-02T3"],
    ["hourly", "2026-01-02 03"],
  ] as const)("%s '%s' is none", (kind, label) => {
    expect(parseLabel(kind, label)).toBeUndefined();
  });

  it("ends with the four-digit years", () => {
    for (const kind of calendarKinds) {
      const [first, last] = {
        hourly: ["0000-01-01T00", "9999-12-31T23"],
        daily: ["0000-01-01", "9999-12-31"],
        weekly: ["0000-W01", "9999-W52"],
        monthly: ["0000-01", "9999-12"],
      }[kind] as [string, string];
      expect(formatLabel(kind, (parseLabel(kind, first) as number) - 1)).toBeUndefined();
      expect(formatLabel(kind, (parseLabel(kind, last) as number) + 1)).toBeUndefined();
    }
  });

  it("of an hour lies in its day, week and month, and of a week in no month", () => {
    const hour = parseLabel("hourly", "2021-01-03T23") as number;
    const coarse = (kind: "daily" | "weekly" | "monthly"): string | undefined =>
      formatLabel(kind, coarsenNumber("hourly", hour, kind) as number);

    expect([coarse("daily"), coarse("weekly"), coarse("monthly")]).toEqual(["2021-01-03", "2020-W53", "2021-01"]);
    expect(coarsenNumber("weekly", 1, "monthly")).toBeUndefined();
    expect(coarsenNumber("monthly", 1, "daily")).toBeUndefined();
    expect(coarsenNumber("daily", 1, "hourly")).toBeUndefined();
  });
});
