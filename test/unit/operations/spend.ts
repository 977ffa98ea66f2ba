// The graph that programs ask about: amounts by day, their sums, and a total, in a folder with a real database.

import { rmSync } from "node:fs";
import { z } from "zod";
import { sqlite } from "../../../src/backend/sqlite/index.ts";
import type { WorkspaceOptions } from "../../../src/build/workspace.ts";
import { all, artifact, daily, graph, local, producer, type Backend } from "../../../src/index.ts";
import { Folder } from "../../support/folder.ts";

const Amounts = artifact({ schema: z.array(z.number()), partitionBy: { date: daily() } });
const Days = artifact({ schema: z.number(), partitionBy: { date: daily() } });
export const Total = artifact({
  schema: z.object({ total: z.number() }),
  checks: { known: () => true },
});
/** As it is declared later: with a check that nobody had thought of then. */
const Checked = artifact({
  schema: z.object({ total: z.number() }),
  checks: { positive: ({ total }) => total > 0 || `the total is ${total}` },
});

export interface Variations {
  readonly version?: string;
  readonly random?: boolean;
  readonly secret?: boolean;
  readonly checked?: boolean;
}

export function spendGraph({ version = "1.0.0", random = false, secret = false, checked = false }: Variations = {}) {
  const sumDay = producer({
    name: "sum-day",
    version,
    inputs: { amounts: Amounts },
    output: Days,
    build: async ({ amounts }, context) => {
      context.log("summing");
      const more = secret ? (await context.secret("token")).reveal().length : 0;
      return amounts.reduce((sum, one) => sum + one, more + (random ? Math.random() : 0));
    },
  });
  const sumAll = producer({
    name: "sum-all",
    version: "1.0.0",
    inputs: { days: all(Days) },
    output: checked ? Checked : Total,
    build: ({ days }) => ({ total: days.reduce((sum, { value }) => sum + value, 0) }),
  });
  return graph("spend", () => {
    const amounts = Amounts.from(local("data/{date}.json"));
    const days = sumDay({ amounts });
    return { amounts, days, total: sumAll({ days }) };
  });
}

export const spend = spendGraph();
export const { days, total } = spend.artifacts;
const made: Folder[] = [];

export interface Place extends WorkspaceOptions {
  readonly backend: Backend;
  readonly root: string;
  readonly folder: Folder;
}

/** A folder with two days, and a real database. */
export function openPlace(): Place {
  const folder = new Folder();
  made.push(folder);
  folder.write("data/2026-01-01.json", "[1,3]");
  folder.write("data/2026-01-02.json", "[3]");
  return { folder, root: folder.path, backend: sqlite(folder.at(".strata/strata.db")) };
}

export function at({ backend, root }: Place): { readonly backend: Backend; readonly root: string } {
  return { backend, root };
}

export function removePlaces(): void {
  for (const folder of made) rmSync(folder.path, { recursive: true, force: true });
}
