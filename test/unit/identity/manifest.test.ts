import { describe, expect, it } from "vitest";
import { isStratigraphError } from "../../../src/errors.ts";
import {
  diffManifests,
  fingerprintManifest,
  parseManifest,
  sealManifest,
  type Manifest,
  type ManifestChange,
} from "../../../src/identity/manifest.ts";
import { anyValue, reordered } from "../util/values.ts";
import { fc } from "../../support/random.ts";

const [A, B, C] = ["a".repeat(32), "b".repeat(32), "c".repeat(32)];
const manifest = (parts: Record<string, unknown>): Manifest => ({ kind: "input", format: 1, parts });
const input = (days: readonly (readonly [string, string])[]): Manifest =>
  manifest({ producer: "sum-all", inputs: { days } });
const asLines = (changes: readonly ManifestChange[]): string[] =>
  changes.map(
    ({ path, change, before, after }) =>
      `${path.join("/")} ${change} ${JSON.stringify(before)} ${JSON.stringify(after)}`,
  );

const parts = fc.dictionary(fc.constantFrom("a", "b", "$", "toJSON"), anyValue, { maxKeys: 3, noNullPrototype: true });

describe("a manifest's fingerprint", () => {
  it("does not let two equal inputs cancel, nor two swapped ones collide", () => {
    const all = [
      [
        ["x", A],
        ["y", A],
      ],
      [
        ["x", B],
        ["y", B],
      ],
      [
        ["x", A],
        ["y", B],
      ],
      [
        ["x", B],
        ["y", A],
      ],
      [
        ["y", B],
        ["x", A],
      ],
      [["x", A]],
      [],
    ] as [string, string][][];

    expect(new Set(all.map((days) => fingerprintManifest(input(days)))).size).toBe(all.length);
  });

  it("counts which input a content belongs to", () => {
    expect(fingerprintManifest(manifest({ left: A, right: B }))).not.toBe(
      fingerprintManifest(manifest({ left: B, right: A })),
    );
  });

  it("counts kind and format", () => {
    const all = [manifest({}), { ...manifest({}), kind: "graph" }, { ...manifest({}), format: 2 }];

    expect(new Set(all.map(fingerprintManifest)).size).toBe(3);
  });

  it("does not count in which order names were written", () => {
    fc.assert(
      fc.property(parts, (own) => {
        expect(fingerprintManifest(manifest(reordered(own) as Record<string, unknown>))).toBe(
          fingerprintManifest(manifest(own)),
        );
      }),
    );
  });

  it("is refused for a part without encoding, naming the path", () => {
    try {
      sealManifest(manifest({ format: { options: [() => 1] } }));
      expect.unreachable();
    } catch (error) {
      expect(isStratigraphError(error) && error.message).toBe("parts.format.options[0]: a function has no encoding");
    }
  });
});

describe("a sealed manifest", () => {
  it("is read back as it was", () => {
    fc.assert(
      fc.property(parts, (own) => {
        expect(parseManifest(sealManifest(manifest(own)).text)).toStrictEqual(manifest(own));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    "",
    "{}",
    "[]",
    "null",
    '{"format":1,"kind":"input"}',
    '{"format":"1","kind":"input","parts":{}}',
    '{"extra":1,"format":1,"kind":"input","parts":{}}',
    '{"format":1,"kind":"input","parts":[]}',
    '{"kind":"input","format":1,"parts":{}}',
  ])("is not: %s", (text) => {
    expect(() => parseManifest(text)).toThrow(expect.objectContaining({ code: "MANIFEST_INVALID" }));
  });
});

describe("the difference of two manifests", () => {
  it("names the partition whose content changed", () => {
    const before = input([
      ["date=2026-01-01", A],
      ["date=2026-01-02", B],
    ]);
    const after = input([
      ["date=2026-01-01", A],
      ["date=2026-01-02", C],
      ["date=2026-01-03", A],
    ]);

    expect(diffManifests(before, after)).toEqual([
      { path: ["inputs", "days", "date=2026-01-02"], change: "changed", before: B, after: C },
      { path: ["inputs", "days", "date=2026-01-03"], change: "added", before: undefined, after: A },
    ]);
  });

  it("names partitions that come first or go last, also from and to none", () => {
    expect(asLines(diffManifests(input([]), input([["date=2026-01-01", A]])))).toEqual([
      `inputs/days/date=2026-01-01 added undefined "${A}"`,
    ]);
    expect(asLines(diffManifests(input([["date=2026-01-01", A]]), input([])))).toEqual([
      `inputs/days/date=2026-01-01 removed "${A}" undefined`,
    ]);
  });

  it("is in order of path", () => {
    const before = manifest({ version: "semver 1", b: { y: 1, x: 1 }, gone: 1, "10": 1, "9": 1 });
    const after = manifest({ version: "semver 2", b: { x: 2, y: 2 }, a: 1, "10": 2, "9": 2 });

    expect(diffManifests(before, after).map(({ path, change }) => `${path.join("/")} ${change}`)).toEqual([
      ...["10 changed", "9 changed", "a added", "b/x changed", "b/y changed", "gone removed", "version changed"],
    ]);
  });

  it("goes through other lists place by place", () => {
    const lines = asLines(diffManifests(manifest({ list: [1, { a: 1 }, 3] }), manifest({ list: [1, { a: 2 }] })));

    expect(lines).toEqual(["list/1/a changed 1 2", "list/2 removed 3 undefined"]);
  });

  it("says that pairs stand in another order, and that a name came twice", () => {
    expect(
      diffManifests(
        input([
          ["x", A],
          ["y", B],
        ]),
        input([
          ["y", B],
          ["x", A],
        ]),
      ).map(({ path }) => path),
    ).toEqual([["inputs", "days"]]);
    expect(
      asLines(
        diffManifests(
          input([["x", A]]),
          input([
            ["x", A],
            ["x", A],
          ]),
        ),
      ),
    ).toEqual([`inputs/days/1 added undefined ["x","${A}"]`]);
  });

  it("tells undefined from missing, -0 from 0, and shows dates as dates", () => {
    const before = manifest({ gone: undefined, zero: 0, at: new Date(0), same: new Set([NaN]) });
    const after = manifest({ zero: -0, at: new Date(1), same: new Set([NaN]) });

    expect(diffManifests(before, after)).toEqual([
      { path: ["at"], change: "changed", before: new Date(0), after: new Date(1) },
      { path: ["gone"], change: "removed", before: undefined, after: undefined },
      { path: ["zero"], change: "changed", before: 0, after: -0 },
    ]);
  });

  it("names kind and format", () => {
    expect(diffManifests(manifest({}), { kind: "graph", format: 2, parts: {} }).map(({ path }) => path)).toEqual([
      ["kind"],
      ["format"],
    ]);
  });

  it("is empty exactly when the fingerprints are equal, also after reading back", () => {
    let equal = 0;
    fc.assert(
      fc.property(parts, parts, fc.boolean(), (left, right, same) => {
        const before = manifest(left);
        const after = same ? manifest(reordered(left) as Record<string, unknown>) : manifest(right);
        const changes = diffManifests(parseManifest(sealManifest(before).text), after);
        const isEqual = fingerprintManifest(before) === fingerprintManifest(after);
        expect(changes.length === 0).toBe(isEqual);
        if (isEqual) equal++;
      }),
      { numRuns: 3000 },
    );
    expect(equal).toBeGreaterThan(1000);
  });

  it("of 100,000 partitions is found in one pass", () => {
    const days = Array.from({ length: 100_000 }, (_, index): [string, string] => [`n=${index}`, A]);
    const after = days.map(([key, content], index): [string, string] => [key, index === 77_777 ? B : content]);
    const start = performance.now();

    expect(diffManifests(input(days), input(after)).map(({ path }) => path)).toEqual([["inputs", "days", "n=77777"]]);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
