import { describe, expect, expectTypeOf, it } from "vitest";
import { isStratigraphError, type StratigraphError } from "../../../src/errors.ts";
import {
  checkDimensions,
  daily,
  hourly,
  integers,
  isDimension,
  monthly,
  oneOf,
  strings,
  weekly,
} from "../../../src/identity/declare-dimension.ts";
import {
  coarsenValue,
  compareValues,
  describeValueForm,
  enumerateValues,
  isValue,
  isWithin,
  shiftValue,
} from "../../../src/identity/dimension-value.ts";
import {
  isOrdered,
  type Daily,
  type Dimension,
  type DimensionValue,
  type Key,
  type KindOf,
  type OneOf,
  type OrderedName,
} from "../../../src/identity/dimension.ts";
import {
  compareKeys,
  decodeKey,
  describeDimensions,
  encodeKey,
  parseKeyArgument,
  projectKeyText,
} from "../../../src/identity/partition-key.ts";
import {
  areComponentsComplete,
  componentNames,
  parseComponents,
  valueComponents,
} from "../../../src/identity/value-components.ts";
import { fc } from "../../support/random.ts";

function refusal(work: () => unknown): StratigraphError {
  try {
    work();
  } catch (error) {
    if (isStratigraphError(error)) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

/** Texts that are hard on an encoding: its own signs, emoji, marks that combine, every plane. */
const text = fc
  .oneof(
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 }),
    fc.string({
      unit: fc.constantFrom(
        "%",
        "=",
        ",",
        "/",
        "[",
        "]",
        "2",
        "C",
        "a",
        "+",
        " ",
        "é",
        "\u{1f600}",
        "e\u0301",
        "\u200d",
        ".",
        "~",
        "!",
        "*",
        "'",
      ),
      minLength: 1,
      maxLength: 6,
    }),
    fc.string({ unit: "binary", minLength: 1, maxLength: 4 }),
  )
  .map((value) => value.normalize("NFC"))
  .filter((value) => isValue(strings(), value));

describe("a key's text", () => {
  const dimensions = { b: strings(), a: strings(), n: integers() };
  const keys = fc.record({ a: text, b: text, n: fc.maxSafeInteger() });

  it("is read back as the key, and stands for no other: 100,000 random keys", () => {
    const seen = new Map<string, string>();
    fc.assert(
      fc.property(keys, (key) => {
        const written = encodeKey(dimensions, key);
        const back = decodeKey(dimensions, written);
        const identity = JSON.stringify([key.a, key.b, key.n]);
        if (written.split(",").length !== 3 || !/^a=[\w.~%+-]+,b=[\w.~%+-]+,n=-?\d+$/.test(written))
          throw new Error(written);
        if (JSON.stringify([back.a, back.b, back.n]) !== identity) throw new Error(`${written} is not ${identity}`);
        if ((seen.get(written) ?? identity) !== identity) throw new Error(`${written} stands for two keys`);
        seen.set(written, identity);
      }),
      { numRuns: 100_000 },
    );
    expect(seen.size).toBeGreaterThan(90_000);
  });

  it("names dimensions in order, whatever order they are declared or given in", () => {
    const key = { region: "eu", date: "2026-01-02" };

    expect(encodeKey({ region: strings(), date: daily() }, key)).toBe("date=2026-01-02,region=eu");
    expect(encodeKey({ date: daily(), region: strings() }, { date: key.date, region: key.region })).toBe(
      "date=2026-01-02,region=eu",
    );
    expect(encodeKey({}, {})).toBe("");
  });

  it("escapes everything that could end it or mean something in a path", () => {
    expect(encodeKey({ s: strings() }, { s: "a,b=c/d%e[f] \u{1f600}" })).toBe(
      "s=a%2Cb%3Dc%2Fd%25e%5Bf%5D%20%F0%9F%98%80",
    );
  });

  it("of -0 is that of 0", () => {
    expect(encodeKey({ n: integers() }, { n: -0 })).toBe("n=0");
  });

  it("that no key is written as is refused", () => {
    const cases: [Record<string, Dimension>, string][] = [
      [{ s: strings() }, "s=%2c"],
      [{ s: strings() }, "s=%41"],
      [{ s: strings() }, "s=a b"],
      [{ s: strings() }, "s=%"],
      [{ s: strings() }, "s=%FF"],
      [{ s: strings() }, "s=%ED%A0%80"],
      [{ s: strings() }, "s=%00"],
      [{ s: strings() }, "s="],
      [{ s: strings() }, "s=e%CC%81"],
      [{ s: strings() }, ""],
      [{ s: strings() }, "t=a"],
      [{ s: strings() }, "s=a,t=b"],
      [{ s: strings() }, "s=a,s=b"],
      [{ a: strings(), b: strings() }, "b=1,a=2"],
      [{ n: integers() }, "n=01"],
      [{ n: integers() }, "n=-0"],
      [{ n: integers() }, "n=1e3"],
      [{ n: integers() }, "n=9007199254740992"],
      [{ d: daily() }, "d=2023-02-29"],
      [{ o: oneOf("eu") }, "o=us"],
      [{}, "a=1"],
    ];
    for (const [own, written] of cases) {
      expect(refusal(() => decodeKey(own, written)).code, written).toBe("PARTITION_KEY_INVALID");
    }
  });

  it("with only some of the dimensions is cut out of it as it stands", () => {
    const whole = encodeKey(
      { date: daily(), n: integers(), region: strings() },
      { date: "2026-01-02", n: 5, region: "a,b" },
    );
    const own = { region: strings(), date: daily(), n: integers() };

    expect(projectKeyText(own, whole, ["region", "date"])).toBe("date=2026-01-02,region=a%2Cb");
    expect(projectKeyText(own, whole, ["date", "other"])).toBe("date=2026-01-02");
    expect(projectKeyText(own, whole, [])).toBe("");
    expect(projectKeyText(own, whole, ["n", "date", "region"])).toBe(whole);
  });
});

describe("a partition key is refused in one sentence", () => {
  const own = { date: daily(), region: strings() };
  const key = { date: "2026-01-02", region: "eu" };

  it("naming dimension, expected and received", () => {
    expect(refusal(() => encodeKey(own, { ...key, date: "2023-02-29" })).message).toBe(
      `the partition key has a wrong value for dimension 'date'; expected a real day like 2026-01-02, received "2023-02-29"`,
    );
    expect(refusal(() => encodeKey({ o: oneOf("eu", "us") }, { o: "asia" })).message).toContain(
      'expected one of "eu", "us", received "asia"',
    );
    expect(refusal(() => encodeKey({ n: integers() }, { n: "5" })).message).toContain('received "5"');
  });

  it("when a dimension is missing, misspelt or too many", () => {
    expect(refusal(() => encodeKey(own, { date: key.date })).message).toContain("lacks dimension 'region'");
    expect(refusal(() => encodeKey(own, { ...key, extra: 1 })).message).toContain('"extra"');
    expect(refusal(() => encodeKey(own, { date: key.date, regoin: "eu" })).hint).toBe("Did you mean 'region'?");
    expect(refusal(() => encodeKey({}, key)).message).toContain("not partitioned");
  });

  const badTexts = {
    empty: "",
    NUL: "a\0b",
    newline: "a\nb",
    control: "a\u007f",
    "C1 control": "a\u0085",
    "line separator": "a\u2028b",
    "direction override": "a\u202eb",
    "direction isolate": "a\u2066b",
    "Arabic letter mark": "a\u061cb",
    "lone high surrogate": "a\ud800",
    "lone low surrogate": "\udfffa",
    NFD: "e\u0301",
    "a compatibility singleton": "\u212b",
  };
  it.each(Object.entries(badTexts))("for text that is or has: %s", (_, value) => {
    expect(refusal(() => encodeKey({ s: strings() }, { s: value })).code).toBe("PARTITION_KEY_INVALID");
    expect(() => oneOf(value)).toThrow(expect.objectContaining({ code: "GRAPH_INVALID" }));
  });

  it.each([NaN, Infinity, 1.5, 2 ** 53, -(2 ** 53), "1", 1n, null, undefined, true, {}])(
    "for the integer %s",
    (value) => {
      expect(refusal(() => encodeKey({ n: integers() }, { n: value })).code).toBe("PARTITION_KEY_INVALID");
    },
  );

  const notDays: unknown[] = [
    5,
    null,
    undefined,
    new Date(0),
    { date: "2026-01-02" },
    { toString: () => "2026-01-02" },
  ];
  it.each([...notDays.map((value) => ({ value })), { value: ["2026-01-02"] }])("for the day $value", ({ value }) => {
    expect(refusal(() => encodeKey({ d: daily() }, { d: value })).code).toBe("PARTITION_KEY_INVALID");
  });

  it("for names that objects inherit", () => {
    const inherited = { constructor: strings() };

    expect(refusal(() => encodeKey(inherited, {})).message).toContain("lacks dimension 'constructor'");
    expect(encodeKey(inherited, { constructor: "x" })).toBe("constructor=x");
  });
});

describe("a key typed by a person", () => {
  const own = { date: daily(), region: strings() };

  it("may leave out the name of an only dimension", () => {
    expect(parseKeyArgument({ date: daily() }, "2026-01-02")).toEqual({ date: "2026-01-02" });
    expect(parseKeyArgument({ date: daily() }, "date=2026-01-02")).toEqual({ date: "2026-01-02" });
    expect(parseKeyArgument({ s: strings() }, "a,b")).toEqual({ s: "a,b" });
    expect(parseKeyArgument({ s: strings() }, "a=b")).toEqual({ s: "a=b" });
    expect(parseKeyArgument({}, "")).toEqual({});
  });

  it("may name dimensions in any order, with plain or escaped values", () => {
    expect(parseKeyArgument(own, "region=New York, date=2026-01-02")).toEqual({
      date: "2026-01-02",
      region: "New York",
    });
    expect(parseKeyArgument(own, "region=a%2Cb,date=2026-01-02")).toEqual({ date: "2026-01-02", region: "a,b" });
    expect(parseKeyArgument(own, "region=100%,date=2026-01-02")).toEqual({ date: "2026-01-02", region: "100%" });
  });

  it("may come in NFD from a terminal, and integers with zeros or a plus", () => {
    expect(parseKeyArgument({ s: strings() }, "Zu\u0308rich")).toEqual({ s: "Z\u00fcrich" });
    expect(parseKeyArgument({ n: integers() }, "007")).toEqual({ n: 7 });
    expect(parseKeyArgument({ n: integers() }, "+7")).toEqual({ n: 7 });
    expect(Object.is(parseKeyArgument({ n: integers() }, "-0").n, 0)).toBe(true);
  });

  it("that names a dimension which is not there is told so, not that its value is wrong", () => {
    expect(refusal(() => parseKeyArgument({ date: daily() }, "dat=2026-01-02"))).toMatchObject({
      expected: "date=…",
      received: '"dat=2026-01-02"',
      hint: "Did you mean 'date'?",
    });
  });

  it("is always understood when it is a key's own text", () => {
    fc.assert(
      fc.property(text, fc.maxSafeInteger(), (s, n) => {
        const dimensions = { s: strings(), n: integers() };
        expect(parseKeyArgument(dimensions, encodeKey(dimensions, { s, n }))).toEqual({ s, n: n + 0 });
      }),
    );
  });

  it.each([
    "2026-01-02",
    "date=2026-01-02",
    "date=2026-01-02,regoin=eu",
    "date=2026-01-02,date=2026-01-02",
    "date=x,region=eu",
    "=,=",
  ])("is refused: %s", (typed) => {
    expect(refusal(() => parseKeyArgument(own, typed)).code).toBe("PARTITION_KEY_INVALID");
  });
});

describe("dimensions", () => {
  it("are frozen plain data", () => {
    expect(daily()).toEqual({ kind: "daily", zone: "UTC" });
    expect(hourly({ zone: "Europe/Berlin", from: "2026-01-01T00" })).toEqual({
      kind: "hourly",
      zone: "Europe/Berlin",
      from: "2026-01-01T00",
    });
    expect(integers({ to: 5 })).toEqual({ kind: "integers", to: 5 });
    expect(oneOf("eu", "us")).toEqual({ kind: "oneOf", values: ["eu", "us"] });
    for (const dimension of [hourly(), daily(), weekly(), monthly(), integers(), strings(), oneOf("a")]) {
      expect(Object.isFrozen(dimension)).toBe(true);
      expect(isDimension(dimension)).toBe(true);
    }
    expect(Object.isFrozen(oneOf("a").values)).toBe(true);
  });

  it("take a real IANA zone, written as IANA writes it", () => {
    for (const zone of [
      "UTC",
      "Europe/Berlin",
      "America/Argentina/Buenos_Aires",
      "Asia/Kolkata",
      "Etc/GMT+5",
      "America/Port-au-Prince",
    ]) {
      expect(daily({ zone }).zone).toBe(zone);
    }
    for (const zone of [
      "",
      "Mars/Olympus",
      "europe/berlin",
      "EUROPE/BERLIN",
      "+01:00",
      "utc",
      "Europe/Berlin ",
      "../etc/passwd",
      5,
      null,
    ]) {
      expect(refusal(() => daily({ zone: zone as string })).code, String(zone)).toBe("GRAPH_INVALID");
    }
    expect(refusal(() => daily({ zone: "Europe/Brelin" })).hint).toBe("Did you mean Europe/Berlin?");
  });

  it("refuse ends that are no values or stand the wrong way round", () => {
    const bad = [
      () => daily({ from: "2026-02-30" }),
      () => daily({ from: "2026-01-02", to: "2026-01-01" }),
      () => monthly({ to: "2026-01-01" }),
      () => integers({ from: 0.5 }),
      () => integers({ from: 2, to: 1 }),
      () => (oneOf as () => unknown)(),
      () => oneOf("a", "b", "a"),
      () => oneOf(5 as unknown as string),
    ];
    for (const make of bad) expect(refusal(make).code).toBe("GRAPH_INVALID");
    expect(daily({ from: "2026-01-01", to: "2026-01-01" }).to).toBe("2026-01-01");
  });

  it("are checked for callers without a compiler", () => {
    const own = { date: daily() };

    expect(checkDimensions(own)).toBe(own);
    expect(checkDimensions({ constructor: strings(), toString: daily() })).toBeTypeOf("object");
    const wrong: unknown[] = [
      null,
      5,
      [daily()],
      { date: "daily" },
      { date: daily },
      { date: { kind: "constructor" } },
      { date: {} },
      { "a.b": daily() },
    ];
    for (const value of [
      ...wrong,
      { "": daily() },
      { "a b": daily() },
      JSON.parse('{"__proto__":{"kind":"daily"}}'),
      { ["x".repeat(65)]: daily() },
    ]) {
      expect(refusal(() => checkDimensions(value)).code).toBe("GRAPH_INVALID");
    }
  });

  it("count in identity by name, kind and zone, not by how far they reach", () => {
    const wide = {
      region: oneOf("eu", "us"),
      date: daily({ from: "2020-01-01", to: "2026-12-31", zone: "Asia/Tokyo" }),
      n: integers({ from: 0 }),
    };
    const narrow = { n: integers(), date: daily({ zone: "Asia/Tokyo" }), region: oneOf("eu") };

    expect(describeDimensions(wide)).toEqual({
      date: { kind: "daily", zone: "Asia/Tokyo" },
      n: { kind: "integers" },
      region: { kind: "oneOf" },
    });
    expect(describeDimensions(wide)).toEqual(describeDimensions(narrow));
    expect(Object.keys(describeDimensions(wide))).toEqual(["date", "n", "region"]);
  });

  it("infer their keys", () => {
    const dimensions = { date: daily(), region: oneOf("eu", "us"), n: integers() };
    expectTypeOf<Key<typeof dimensions>>().toEqualTypeOf<{
      readonly date: string;
      readonly region: "eu" | "us";
      readonly n: number;
    }>();
    expectTypeOf<DimensionValue<OneOf<"a">>>().toEqualTypeOf<"a">();
    expectTypeOf<KindOf<Daily>>().toEqualTypeOf<"daily">();
    expectTypeOf<OrderedName<typeof dimensions>>().toEqualTypeOf<"date" | "n">();
    expectTypeOf(
      decodeKey(dimensions, encodeKey(dimensions, { date: "2026-01-02", region: "eu", n: 1 })),
    ).toEqualTypeOf<Key<typeof dimensions>>();
    expectTypeOf<Daily>().not.toExtend<OneOf<string>>();
  });
});

describe("values", () => {
  it("have a before and an after in time and numbers only", () => {
    expect([hourly(), daily(), weekly(), monthly(), integers()].every(isOrdered)).toBe(true);
    expect([strings(), oneOf("a")].some(isOrdered)).toBe(false);
  });

  it("are compared as numbers, times, or texts by UTF-8 bytes", () => {
    expect(compareValues(integers(), 9, 10)).toBeLessThan(0);
    expect(compareValues(integers(), -2, -10)).toBeGreaterThan(0);
    expect(compareValues(daily(), "2026-01-02", "2026-01-02")).toBe(0);
    expect(compareValues(weekly(), "2020-W53", "2021-W01")).toBeLessThan(0);
    expect(compareValues(strings(), "\u{1f600}", "\uff5e")).toBeGreaterThan(0);
    const own = { region: strings(), n: integers() };
    const keys = [10, 9].flatMap((n) => ["us", "eu"].map((region) => ({ n, region })));
    expect(keys.sort((a, b) => compareKeys(own, a, b)).map(({ n, region }) => `${n}${region}`)).toEqual([
      "9eu",
      "9us",
      "10eu",
      "10us",
    ]);
  });

  it("are shifted over months, leap days, year ends and weeks 53", () => {
    expect(shiftValue(daily(), "2024-02-28", 1)).toBe("2024-02-29");
    expect(shiftValue(daily(), "2026-01-01", -1)).toBe("2025-12-31");
    expect(shiftValue(hourly(), "2026-12-31T23", 1)).toBe("2027-01-01T00");
    expect(shiftValue(weekly(), "2020-W53", 1)).toBe("2021-W01");
    expect(shiftValue(monthly(), "2026-01", -13)).toBe("2024-12");
    expect(shiftValue(integers(), 5, -7)).toBe(-2);
    expect(shiftValue(daily({ from: "2026-01-01" }), "2026-01-01", -1)).toBe("2025-12-31");
    expect(shiftValue(daily(), "9999-12-31", 1)).toBeUndefined();
    expect(shiftValue(integers(), Number.MAX_SAFE_INTEGER, 1)).toBeUndefined();
    expect(shiftValue(strings(), "a", 1)).toBeUndefined();
  });

  it("are enumerated where the dimension says from where to where", () => {
    expect(enumerateValues(daily({ from: "2024-02-28", to: "2024-03-01" }))).toEqual([
      "2024-02-28",
      "2024-02-29",
      "2024-03-01",
    ]);
    expect(enumerateValues(weekly({ from: "2020-W52", to: "2021-W01" }))).toEqual(["2020-W52", "2020-W53", "2021-W01"]);
    expect(enumerateValues(integers({ from: -1, to: 1 }))).toEqual([-1, 0, 1]);
    expect(enumerateValues(oneOf("us", "eu"))).toEqual(["us", "eu"]);
    expect(enumerateValues(hourly({ from: "2026-03-29T00", to: "2026-03-29T03", zone: "Europe/Berlin" }))?.length).toBe(
      3,
    );
    for (const open of [daily(), daily({ from: "2026-01-01" }), integers({ to: 1 }), strings()])
      expect(enumerateValues(open)).toBeUndefined();
    expect(refusal(() => enumerateValues(integers({ from: 0, to: 1e12 }))).code).toBe("GRAPH_INVALID");
  });

  it("lie within the ends or not; the ends are no part of being a value", () => {
    const year = daily({ from: "2026-01-01", to: "2026-12-31" });

    expect(["2025-12-31", "2026-01-01", "2026-12-31", "2027-01-01"].map((day) => isWithin(year, day))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(isWithin(integers({ from: 0 }), -1)).toBe(false);
    expect(isWithin(strings(), "x")).toBe(true);
    expect(isWithin(oneOf("a"), "a")).toBe(true);
    expect(encodeKey({ year }, { year: "2027-01-01" })).toBe("year=2027-01-01");
  });

  it("lie in one coarser value of the same zone", () => {
    expect(coarsenValue(hourly(), "2026-01-02T03", daily())).toBe("2026-01-02");
    expect(coarsenValue(daily(), "2021-01-03", weekly())).toBe("2020-W53");
    expect(coarsenValue(hourly(), "2026-01-31T23", monthly())).toBe("2026-01");
    expect(coarsenValue(daily(), "2026-01-02", daily())).toBe("2026-01-02");
    expect(coarsenValue(strings(), "a", strings())).toBe("a");
    expect(coarsenValue(integers(), 1, integers())).toBe(1);
    expect(coarsenValue(oneOf("a", "b"), "b", oneOf("a"))).toBeUndefined();
    expect(coarsenValue(weekly(), "2026-W01", monthly())).toBeUndefined();
    expect(coarsenValue(daily(), "2026-01-02", hourly())).toBeUndefined();
    expect(coarsenValue(daily({ zone: "Asia/Tokyo" }), "2026-01-02", monthly())).toBeUndefined();
    expect(coarsenValue(daily(), "2026-01-02", strings())).toBeUndefined();
  });

  it("say what they look like", () => {
    expect(describeValueForm(weekly())).toBe("a real ISO week like 2026-W01");
    expect(describeValueForm(oneOf("eu", "us"))).toBe('one of "eu", "us"');
  });
});

describe("components for templates", () => {
  const samples: [Dimension, string | number, Record<string, string>][] = [
    [hourly(), "2026-01-02T03", { iso: "2026-01-02T03", Y: "2026", m: "01", d: "02", H: "03" }],
    [daily(), "0099-12-31", { iso: "0099-12-31", Y: "0099", m: "12", d: "31" }],
    [weekly(), "2026-W01", { iso: "2026-W01", G: "2026", V: "01" }],
    [monthly(), "2026-01", { iso: "2026-01", Y: "2026", m: "01" }],
    [integers(), -255, { value: "-255", hex: "-ff" }],
    [integers(), 0, { value: "0", hex: "0" }],
    [integers(), Number.MIN_SAFE_INTEGER, { value: "-9007199254740991", hex: "-1fffffffffffff" }],
    [strings(), "a/b", { value: "a/b" }],
    [oneOf("eu"), "eu", { value: "eu" }],
  ];

  it.each(samples)("%j %s", (dimension, value, components) => {
    expect(valueComponents(dimension, value)).toEqual(components);
    expect(componentNames(dimension)).toEqual(Object.keys(components));
    expect(parseComponents(dimension, components)).toBe(value);
    const [whole, ...parts] = componentNames(dimension) as [string, ...string[]];
    expect(parseComponents(dimension, { [whole]: components[whole] as string })).toBe(value);
    for (const set of [[whole], parts, [whole, ...parts], parts.slice(1)]) {
      const given = Object.fromEntries(set.map((name) => [name, components[name] as string]));
      expect(parseComponents(dimension, given) === value, set.join()).toBe(areComponentsComplete(dimension, set));
    }
  });

  it("that are incomplete, unreal, foreign, or disagree name no value", () => {
    const none: [Dimension, Record<string, string>][] = [
      [daily(), {}],
      [daily(), { Y: "2026", m: "01" }],
      [daily(), { Y: "2026", m: "02", d: "30" }],
      [daily(), { Y: "2026", m: "1", d: "02" }],
      [daily(), { iso: "2026-01-02", d: "03" }],
      [daily(), { iso: "2026-01-02", H: "03" }],
      [daily(), { iso: "2026-01-02", constructor: "x" }],
      [integers(), { value: "007" }],
      [integers(), { value: "1", hex: "2" }],
      [integers(), { hex: "FF" }],
      [integers(), { hex: "-0" }],
      [integers(), { hex: "20000000000000" }],
      [oneOf("eu"), { value: "us" }],
      [strings(), { value: "" }],
      [strings(), { value: "e\u0301" }],
      [strings(), {}],
    ];
    for (const [dimension, components] of none)
      expect(parseComponents(dimension, components), JSON.stringify(components)).toBeUndefined();
  });

  it("give every value back", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer({ min: -500_000, max: 500_000 }), (integer, shift) => {
        for (const [dimension, value] of [
          [integers(), integer],
          [hourly(), shiftValue(hourly(), "2026-01-02T03", shift)],
          [weekly(), shiftValue(weekly(), "2026-W01", shift % 50_000)],
        ] as [Dimension, string | number][]) {
          const { iso: _, value: __, ...parts } = valueComponents(dimension, value);
          expect(parseComponents(dimension, parts)).toBe(value);
        }
      }),
    );
  });
});
