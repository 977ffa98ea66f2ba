// Two databases whose values lie in one folder: none deletes what the other one needs.

import { copyFileSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { memory } from "../../../src/backend/memory/memory-backend.ts";
import { sqlite } from "../../../src/backend/sqlite/index.ts";
import { artifact, graph, literal, producer } from "../../../src/index.ts";
import { collectGarbage } from "../../../src/operations/index.ts";
import { failureOf, Folder } from "../../support/folder.ts";

const Amount = artifact({ schema: z.number() });
const shop = (amount: number) =>
  graph("shop", () => {
    const net = Amount.from(literal(amount));
    const double = producer({ name: "double", version: "1.0.0", inputs: { net: Amount }, output: Amount, build: ({ net }) => net * 2 }); // prettier-ignore
    return { net, gross: double({ net }) };
  });

/** So long that nothing is too young to go. */
const AGING = 60;
const everything = { remove: true, grace: 0, keep: 1 } as const;

/** A state folder with a database in it that has built something. */
async function openShop() {
  const folder = new Folder();
  const database = (name: string) => sqlite(join(folder.path, name));
  await shop(1).build({ backend: database("one.db") });
  const values = (): readonly string[] => readdirSync(join(folder.path, "data", "gross"));
  const marks = (): readonly string[] =>
    readdirSync(folder.path).filter((name) => name.startsWith(".strata-database-"));
  return { folder, database, values, marks, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

describe("a folder that two databases use", () => {
  it("keeps the values of both, whichever of them is told to collect, until the other is said to be gone", async () => {
    using one = await openShop();
    await shop(2).build({ backend: one.database("two.db") });
    const before = one.values();
    await wait(AGING);

    for (const [name, other] of [
      ["one.db", "two.db"],
      ["two.db", "one.db"],
    ] as const) {
      // prettier-ignore
      const error = await failureOf(() => collectGarbage({ backend: one.database(name), ...everything }));
      expect(error).toMatchObject({ code: "FOLDER_SHARED", received: expect.stringContaining(`'${other}', last used 20`) as string }); // prettier-ignore
    }
    expect(before).toHaveLength(2);
    expect(one.values()).toEqual(before);
    // Looking is allowed.
    expect((await collectGarbage({ backend: one.database("one.db"), grace: 0 })).files).toHaveLength(1);

    rmSync(join(one.folder.path, "two.db"));
    const { data } = (await failureOf(() => collectGarbage({ backend: one.database("one.db"), ...everything }))) as unknown as { data: { mark: string } }; // prettier-ignore
    rmSync(data.mark);
    expect((await collectGarbage({ backend: one.database("one.db"), ...everything })).files).toHaveLength(1);
    expect(one.values()).toHaveLength(1);
  });

  it("is told from one whose only database was renamed, or that was moved", async () => {
    using one = await openShop();
    renameSync(join(one.folder.path, "one.db"), join(one.folder.path, "shop.db"));
    await shop(2).build({ backend: one.database("shop.db") });
    using elsewhere = new Folder();
    await wait(AGING);
    const moved = join(elsewhere.path, "state");
    renameSync(one.folder.path, moved);

    const { snapshots } = await collectGarbage({ backend: sqlite(join(moved, "shop.db")), ...everything });

    expect(snapshots).toHaveLength(1);
  });

  it("has two also where one took the other's name, or is a copy of its file", async () => {
    using replaced = await openShop();
    renameSync(join(replaced.folder.path, "one.db"), join(replaced.folder.path, "aside.db"));
    await shop(2).build({ backend: replaced.database("one.db") });
    using copied = await openShop();
    copyFileSync(join(copied.folder.path, "one.db"), join(copied.folder.path, "two.db"));
    await shop(2).build({ backend: copied.database("two.db") });

    for (const { database, values } of [replaced, copied]) {
      expect(await failureOf(() => collectGarbage({ backend: database("one.db"), ...everything }))).toMatchObject({ code: "FOLDER_SHARED" }); // prettier-ignore
      expect(values()).toHaveLength(2);
    }
    const error = await failureOf(() => collectGarbage({ backend: replaced.database("one.db"), ...everything }));
    expect(error).toMatchObject({
      received: expect.stringContaining("'one.db', an earlier one of the same") as string,
    });
  });

  it("is one where a mark cannot be read", async () => {
    using one = await openShop();
    const [mark] = one.marks();
    writeFileSync(join(one.folder.path, mark!), "");

    expect(await failureOf(() => collectGarbage({ backend: one.database("one.db"), ...everything }))).toMatchObject({ code: "FOLDER_SHARED" }); // prettier-ignore
  });
});

describe("a database leaves its mark", () => {
  it("once, and again where it is missing, as in a folder from before", async () => {
    using one = await openShop();
    const [mark, more] = one.marks();
    const text = readFileSync(join(one.folder.path, mark!), "utf8");
    rmSync(join(one.folder.path, mark!));

    await collectGarbage({ backend: one.database("one.db"), ...everything });
    await shop(2).build({ backend: one.database("one.db") });

    expect(more).toBeUndefined();
    expect(one.marks()).toEqual([mark]);
    expect(readFileSync(join(one.folder.path, mark!), "utf8")).toBe(text);
    expect(JSON.parse(text)).toEqual({ database: "one.db", id: expect.stringMatching(/^[0-9a-z]{26}$/) as string });
  });

  it("nowhere when it is in memory", async () => {
    const backend = memory();
    await shop(1).build({ backend });

    expect(await collectGarbage({ backend, ...everything })).toMatchObject({ removed: true, files: [] });
  });
});
