// Schemas that change, on the command line: what breaks, and reading what was written before.

import { describe, expect, it } from "vitest";
import { openSpend, spendFile } from "./spend.ts";

const before = "const TotalSpend = artifact({ schema: z.object({ total: z.number(), days: z.int() }) });";

/** The graph with its total as a text; `upcast`: declared as well. */
function later({ upcast = false } = {}): string {
  const options = upcast
    ? `upcasts: (from) => [from(z.object({ total: z.number(), days: z.int() }), (old) => ({ ...old, total: old.total.toFixed(2) }))],`
    : "";
  return spendFile()
    .replace(
      before,
      `const TotalSpend = artifact({ schema: z.object({ total: z.string(), note: z.string().optional(), days: z.int() }), ${options} });`,
    ) // prettier-ignore
    .replace("total: days.reduce((sum, day) => sum + day.value, 0)", "total: String(days.length)");
}

const schema = {
  verdict: "breaking",
  changes: [
    { path: "total", says: "was number, is string now", verdict: "breaking" },
    { path: "note", says: "is new, and may be left out", verdict: "compatible" },
  ],
};

describe("diff", () => {
  it("says of a schema that changed what breaks, before anything is built and after", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts", "--tag", "old");
    space.write({ "spend.ts": later() });

    const declared = await space.strata("diff", "old", "--declared");
    const { json: now } = await space.strata("diff", "old", "--declared", "--json");
    await space.strata("build");
    const { json: built } = await space.strata("diff", "old", "--json");
    const { json: same } = await space.strata("diff", "latest", "--declared", "--json");

    expect(declared.stdout).toMatch(
      /^spend: old \([0-9a-f]{8}\) → as declared now\n {2}artifact 'total' {2}schema [0-9a-f]{8} → [0-9a-f]{8}: breaking\n {4}breaking {4}total was number, is string now\n {4}compatible {2}note is new, and may be left out\n1 declared otherwise\n$/,
    );
    expect(now).toMatchObject({
      graph: "spend",
      after: null,
      declarations: [{ name: "total", part: "schema", schema }],
    });
    expect(built.declarations).toMatchObject([{ name: "total", part: "schema", schema }]);
    expect(same.declarations).toEqual([]);
  });

  it("compares values in the present form, or, where there is none, both as they were written", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts", "--tag", "old");
    space.write({ "spend.ts": later() });
    await space.strata("build");

    const written = await space.strata("diff", "old", "--values");
    space.write({ "spend.ts": later({ upcast: true }) });
    const cast = await space.strata("diff", "old", "--values");

    expect(written.stdout).toContain('    total: 58 → "3"\n');
    expect(cast.stdout).toContain('    total: "58.00" → "3"\n');
  });

  it("refuses a second snapshot beside what is declared", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts");

    const { code, stderr } = await space.strata("diff", "latest", "latest", "--declared");

    expect(code).toBe(2);
    expect(stderr).toContain("there is one snapshot");
  });
});

describe("read", () => {
  it("gives an old value in the present form, says why it cannot, or gives it as it was written", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts", "--tag", "old");
    space.write({ "spend.ts": later() });
    const read = ["read", "total", "--snapshot", "old"];

    const refused = await space.strata(...read, "--json");
    const written = await space.strata(...read, "--as-written", "--json");
    space.write({ "spend.ts": later({ upcast: true }) });
    const cast = await space.strata(...read, "--json");
    const both = await space.strata(...read, "--as-written", "--raw");

    expect(refused.code).toBe(1);
    expect(refused.json.error).toMatchObject({ code: "DATA_INVALID" });
    expect(refused.json.error.message).toMatch(
      /total at .*, total: written under the older schema [0-9a-f]{8} of snapshot [0-9a-f]{8}, the value does not fit the schema; expected string, received 58\. Declare how it is read now/,
    );
    expect(written.json.value).toEqual({ total: 58, days: 3 });
    expect(cast.json.value).toEqual({ total: "58.00", days: 3 });
    expect(both.code).toBe(2);
  });

  it("bisect and replay read through it too", async () => {
    await using space = await openSpend();
    await space.strata("build", "spend.ts", "--tag", "old");
    space.write({ "spend.ts": later({ upcast: true }) });
    await space.strata("build");

    const found = await space.strata("bisect", "total", "--run", `node -e 'process.exit(require("fs").readFileSync(0, "utf8").includes("58.00") ? 0 : 1)'`, "--json"); // prettier-ignore
    const replay = await space.strata("replay", "total@old", "--json");

    expect(found.json).toMatchObject({ looks: [{ verdict: "good" }, { verdict: "bad" }] });
    expect(replay.json.differences.items).toEqual([{ path: "total", before: "58.00", after: "3" }]);
  });
});
