// Producers' versions. After Artigraph's version tests.

import { execFileSync } from "node:child_process";
import { z } from "zod";
import { artifact, gitCommit, graph, local, producer, semver, timestamp, versionText, type Version } from "stratigraph";
import { describe, expect, it } from "vitest";
import { backendKinds, did, Place, refusal } from "./support.ts";

const Count = artifact({ schema: z.int() });

/** What of a version enters fingerprints, as a graph describes it. */
function counts(version: Version): string {
  const make = producer({ name: "make", version, inputs: {}, output: Count, build: () => 1 });
  return graph("g", () => ({ y: make() })).definition.describe().producers[0]!.version.counts;
}

describe("kinds", () => {
  it("150 · a git commit counts whole, and without one the repository's HEAD is taken", () => {
    using place = new Place();
    const git = (...args: string[]) =>
      execFileSync("git", ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", ...args], {
        cwd: place.folder,
        encoding: "utf8",
      });
    git("init", "--quiet");
    git("commit", "--quiet", "--allow-empty", "--message", "first");
    const head = git("rev-parse", "HEAD").trim();

    expect(counts(gitCommit(undefined, { cwd: place.folder }))).toBe(`git ${head}`);
    expect(head).toMatch(/^[0-9a-f]{40}$/);
    expect(counts(gitCommit("ABCDEF1"))).toBe("git abcdef1");
    expect(() => gitCommit("main")).toThrow(refusal("VERSION_INVALID", "this is not a git commit"));
  });

  it("151 · of a semantic version from 1.0.0 on only the first number counts, before it all three", () => {
    const classes = [
      ["0.0.0"], ["0.0.1"], ["0.1.0"], ["0.1.1"],
      ["1.0.0", "1.0.1", "1.1.0", "1.1.1", "1.0.0+linux"],
      ["2.0.0", "2.3.4"],
      ["2.0.0-rc.1"], ["10.0.0"],
    ]; // prettier-ignore

    for (const same of classes)
      expect(new Set(same.map((version) => counts(semver(version)))).size, same.join()).toBe(1);
    expect(new Set(classes.map(([version]) => counts(semver(version!)))).size).toBe(classes.length);
    expect(counts("1.2.3")).toBe(counts(semver("1.2.3")));
    expect(() => semver("1.2")).toThrow(refusal("VERSION_INVALID", "this is not a semantic version"));
  });

  it("150 · any other text is a version too, of which every character counts", () => {
    expect(counts("spring 2026")).toBe("text spring 2026");
    expect(counts(versionText("1.0.0"))).not.toBe(counts(semver("1.0.0")));
    expect(() => versionText(" ")).toThrow(refusal("VERSION_INVALID", "this cannot be a version"));
  });

  it("153 · a timestamp has a zone and counts as its moment, however it is written", () => {
    expect(counts(timestamp("2026-01-02T04:04:05+01:00"))).toBe(counts(timestamp("2026-01-02T03:04:05Z")));
    expect(counts(timestamp(new Date("2026-01-02T03:04:05Z")))).toBe(counts(timestamp("2026-01-02T03:04:05.000Z")));
    expect(counts(timestamp("2026-01-02T03:04:06Z"))).not.toBe(counts(timestamp("2026-01-02T03:04:05Z")));
    expect(() => timestamp("2026-01-02T03:04:05")).toThrow(
      refusal("VERSION_INVALID", "this is not a moment with a time zone"),
    );
  });

  it("59, 153 · a producer without a version follows its code, which nobody can forget to raise", async () => {
    const p = producer({ name: "p", inputs: {}, output: Count, build: () => 1 });
    const versionless = graph("g", () => ({ y: p() }));

    expect(() => versionless.definition.describe()).toThrow(refusal("VERSION_INVALID", "has not been looked at yet"));
    await versionless.plan();
    expect(versionless.definition.describe().producers[0]!.version).toMatchObject({ kind: "code" });
  });
});

describe.each(backendKinds)("code, remembered in %s", (kind) => {
  it("152 · the text of build does not count: the version stands for it", async () => {
    using place = new Place(kind);
    place.writeJson("x.json", 1);
    const graphWith = (version: string, build: (x: number) => number) => {
      const change = producer({
        name: "change",
        version,
        inputs: { x: Count },
        output: Count,
        build: ({ x }) => build(x),
      });
      return graph("changing", () => {
        const x = Count.from(local("x.json"));
        return { x, y: change({ x }) };
      });
    };
    await graphWith("1.0.0", (x) => x + 1).build(place.here);

    const same = await graphWith("1.0.0", (x) => x + 2).build(place.here);
    const raised = graphWith("2.0.0", (x) => x + 2);
    const plan = await raised.plan(place.here);
    const snapshot = await raised.build(place.here);

    expect(did(same)).toEqual({ built: 0, reused: 1 });
    expect(plan.steps[0]!.reason).toMatchObject({ code: "version-changed", changes: [{ part: "version" }] });
    expect(await snapshot.read(raised.artifacts.y)).toBe(3);
  });
});
