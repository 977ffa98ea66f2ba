// Labels and moments: compared with the clocks of the language's own calendar, around every change of clocks in many zones.

import { describe, expect, it } from "vitest";
import { intervalOf, labelOf, type TimeDimension } from "../../../src/identity/interval.ts";
import { daily, hourly, monthly, weekly } from "../../../src/identity/declare-dimension.ts";
import { enumerateValues } from "../../../src/identity/dimension-value.ts";
import { fc } from "../../support/random.ts";

const zones = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "America/St_Johns",
  "Australia/Lord_Howe", // half an hour
  "Pacific/Apia", // left out a day in 2011
  "Asia/Kathmandu",
  "Africa/Casablanca", // changes for one month
  "America/Sao_Paulo", // used to change at midnight
];
const kinds = [hourly, daily, weekly, monthly];

/** What the clocks of a zone show, as another part of the language tells it. */
function shown(zone: string, moment: Date): string {
  return moment.toLocaleString("sv-SE", { timeZone: zone }).replace(" ", "T");
}

const moments = fc.date({
  min: new Date("2005-01-01T00:00:00Z"),
  max: new Date("2030-01-01T00:00:00Z"),
  noInvalidDate: true,
});

describe("the label of a moment", () => {
  it("is what the clocks show", () => {
    fc.assert(
      fc.property(moments, fc.constantFrom(...zones), (moment, zone) => {
        const text = shown(zone, moment);
        expect(labelOf(hourly({ zone }), moment)).toBe(text.slice(0, 13));
        expect(labelOf(daily({ zone }), moment)).toBe(text.slice(0, 10));
        expect(labelOf(monthly({ zone }), moment)).toBe(text.slice(0, 7));
      }),
      { numRuns: 2_000 },
    );
  });

  it("is one of its week", () => {
    expect(labelOf(weekly({ zone: "Europe/Berlin" }), new Date("2026-01-04T22:59:59Z"))).toBe("2026-W01");
    expect(labelOf(weekly({ zone: "Europe/Berlin" }), new Date("2026-01-04T23:00:00Z"))).toBe("2026-W02");
  });

  it("of what is no moment is refused in a sentence", () => {
    expect(() => labelOf(daily(), new Date("nonsense"))).toThrow(/this moment has no label/);
    expect(() => labelOf(daily(), new Date("nonsense"))).toThrow("received an invalid Date");
    expect(() => labelOf(daily(), 1e17)).toThrow(/this moment has no label; expected a Date.*received/);
  });
});

describe("the interval of a label", () => {
  it("holds every moment with that label, and begins and ends where the label does", () => {
    fc.assert(
      fc.property(moments, fc.constantFrom(...zones), fc.constantFrom(...kinds), (moment, zone, kind) => {
        const dimension: TimeDimension = kind({ zone });
        const label = labelOf(dimension, moment);
        const { from, to } = intervalOf(dimension, label);

        expect(from.getTime()).toBeLessThanOrEqual(moment.getTime());
        expect(to.getTime()).toBeGreaterThan(moment.getTime());
        expect(labelOf(dimension, from)).toBe(label);
        expect(labelOf(dimension, to.getTime() - 1)).toBe(label);
        expect(labelOf(dimension, from.getTime() - 1)).not.toBe(label);
        expect(labelOf(dimension, to)).not.toBe(label);
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    ["Europe/Berlin", "2026-03-29T02", "2026-03-29T01:00:00Z", 0],
    ["Europe/Berlin", "2026-03-29T03", "2026-03-29T01:00:00Z", 1],
    ["Europe/Berlin", "2026-10-25T02", "2026-10-25T00:00:00Z", 2],
    ["Australia/Lord_Howe", "2026-04-05T01", "2026-04-04T14:00:00Z", 1.5],
  ])("in %s the hour %s begins at %s and has %d hours", (zone, label, from, hours) => {
    const interval = intervalOf(hourly({ zone }), label);

    expect(interval.from).toEqual(new Date(from));
    expect((interval.to.getTime() - interval.from.getTime()) / 3_600_000).toBe(hours);
  });

  it.each([
    ["Europe/Berlin", "2026-03-29", 23],
    ["Europe/Berlin", "2026-10-25", 25],
    ["Europe/Berlin", "2026-01-01", 24],
    ["Pacific/Apia", "2011-12-30", 0],
  ])("in %s the day %s has %d hours", (zone, label, hours) => {
    const { from, to } = intervalOf(daily({ zone }), label);

    expect((to.getTime() - from.getTime()) / 3_600_000).toBe(hours);
  });

  it("of what is no label is refused in a sentence", () => {
    expect(() => intervalOf(daily(), "2026-02-30")).toThrow(
      'this is not a label; expected one such as 1970-01-01, received "2026-02-30"',
    );
  });

  it("of the last labels that four digits can say has an end", () => {
    expect(intervalOf(monthly(), "9999-12").to).toEqual(new Date("+010000-01-01T00:00:00Z"));
    expect(intervalOf(daily(), "9999-12-31").to).toEqual(new Date("+010000-01-01T00:00:00Z"));
  });
});

describe("a span", () => {
  it("has no hour and no day that clocks leave out, and touches on all the others", () => {
    const hours = enumerateValues(hourly({ from: "2026-03-29T00", to: "2026-03-29T04", zone: "Europe/Berlin" }));
    const days = enumerateValues(daily({ from: "2011-12-29", to: "2011-12-31", zone: "Pacific/Apia" }));

    expect(hours).toEqual(["2026-03-29T00", "2026-03-29T01", "2026-03-29T03", "2026-03-29T04"]);
    expect(days).toEqual(["2011-12-29", "2011-12-31"]);
  });

  it.each(zones)("in %s covers a year without a hole or an overlap", (zone) => {
    const dimension = hourly({ from: "2011-06-01T00", to: "2012-05-31T23", zone });
    const labels = enumerateValues(dimension) as string[];

    const intervals = labels.map((label) => intervalOf(dimension, label));

    for (let i = 1; i < intervals.length; i++) expect(intervals[i]!.from).toEqual(intervals[i - 1]!.to);
    expect(intervals.every(({ from, to }) => from < to)).toBe(true);
  });
});
