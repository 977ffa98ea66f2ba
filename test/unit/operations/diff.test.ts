// Two snapshots compared by content.

import { describe, expect, it } from "vitest";
import { diffSnapshotsIn } from "../../../src/operations/diff.ts";
import { openHistory, type Held } from "./history.ts";
import { fc } from "../../support/random.ts";

describe("two snapshots", () => {
  it("differ by what was added, removed and changed, artifact by artifact", async () => {
    await using history = await openHistory();
    const before = await history.snapshot("before", { days: { a: "1", b: "1", d: "1" }, gone: { "": "x" } });
    const after = await history.snapshot("after", { days: { a: "1", b: "2", c: "1" }, come: { "": "y" } });

    const { artifacts, same } = await diffSnapshotsIn(history.workspace.connection, before, after);

    expect(same).toBe(1);
    expect(artifacts).toMatchObject([
      { key: "come", change: "added", added: 1 },
      {
        key: "days",
        change: "changed",
        added: 1,
        removed: 1,
        changed: 1,
        partitions: [
          { partition: "b", change: "changed" },
          { partition: "c", change: "added", before: undefined },
          { partition: "d", change: "removed", after: undefined },
        ],
      },
      { key: "gone", change: "removed", removed: 1 },
    ]);
  });

  it("list no more than what was asked for, and count all", async () => {
    await using history = await openHistory();
    const many = (content: string): Held => ({
      days: Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`k${n}`, content])),
    });

    const { artifacts } = await diffSnapshotsIn(
      history.workspace.connection,
      await history.snapshot("before", many("1")),
      await history.snapshot("after", many("2")),
      { limit: 5 },
    );

    expect(artifacts[0]).toMatchObject({ changed: 50 });
    expect(artifacts[0]!.partitions).toHaveLength(5);
  });

  it("differ as a comparison of all their contents says, in both directions", async () => {
    const held = fc.dictionary(
      fc.constantFrom("days", "total", "raw"),
      fc.dictionary(fc.constantFrom("a", "b", "c", "d"), fc.constantFrom("1", "2"), { minKeys: 1 }),
    );
    await fc.assert(
      fc.asyncProperty(held, held, async (one, other) => {
        await using history = await openHistory();
        const before = await history.snapshot("before", one);
        const after = await history.snapshot("after", other);
        const places = (of: Held): Map<string, string> =>
          new Map(
            Object.entries(of).flatMap(([key, partitions]) =>
              Object.entries(partitions).map(([name, content]) => [`${key}/${name}`, content]),
            ),
          );
        const [old, now] = [places(one), places(other)];
        const expected = {
          added: [...now.keys()].filter((place) => !old.has(place)).length,
          removed: [...old.keys()].filter((place) => !now.has(place)).length,
          changed: [...now].filter(([place, content]) => old.has(place) && old.get(place) !== content).length,
          same: [...now].filter(([place, content]) => old.get(place) === content).length,
        };
        const total = async (from: typeof before, to: typeof after) => {
          const { artifacts, same } = await diffSnapshotsIn(history.workspace.connection, from, to);
          const sum = (count: "added" | "removed" | "changed"): number =>
            artifacts.reduce((all, artifact) => all + artifact[count], 0);
          return { added: sum("added"), removed: sum("removed"), changed: sum("changed"), same };
        };

        expect(await total(before, after)).toEqual(expected);
        expect(await total(after, before)).toEqual({ ...expected, added: expected.removed, removed: expected.added });
      }),
      { numRuns: 60 },
    );
  });
});
