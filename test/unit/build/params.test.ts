// Params: what is rebuilt when one changes, what is said of it, and what is refused.

import { artifact, graph, memory, producer, type StratigraphError, why } from "stratigraph";
import { expect, it } from "vitest";
import { z } from "zod";
import { planGraph } from "../../../src/build/build.ts";
import { openWorkspace } from "../../../src/build/workspace.ts";
import { replayPartition } from "../../../src/operations/replay.ts";

const Amount = artifact({ schema: z.number() });

function priced(
  params = { rate: z.number().min(0).default(0.1) as z.ZodType<number>, names: z.array(z.string()).default([]) },
) {
  const ran: string[] = [];
  const net = producer({
    name: "net",
    version: "1.0.0",
    inputs: {},
    output: Amount,
    build: () => (ran.push("net"), 100),
  });
  const gross = producer({
    name: "gross",
    version: "1.0.0",
    inputs: { net: Amount },
    params,
    output: Amount,
    build: (inputs, { params: { rate, names } }) => {
      ran.push(`gross ${rate} ${names.join("+")}`);
      names.push("changed by the producer");
      return inputs.net * (1 + rate) + names.length - 1;
    },
  });
  const g = graph("priced", () => {
    const one = net();
    return { net: one, gross: gross({ net: one }) };
  });
  return { g, ran };
}

it("a changed param rebuilds the producers that use it and no other, and going back finds the first result", async () => {
  const { g, ran } = priced();
  const backend = memory();
  const first = await g.build({ backend });
  expect(await first.read(g.artifacts.gross)).toBeCloseTo(110);
  const second = await g.build({ backend, params: { rate: 0.2 } });
  expect(await second.read(g.artifacts.gross)).toBeCloseTo(120);
  expect(second.id).not.toBe(first.id);
  expect(ran).toEqual(["net", "gross 0.1 ", "gross 0.2 "]);
  const { result } = await g.build({ backend });
  expect([result.built, ran.length]).toEqual([0, 3]);
});

it("why tells the param with both values", async () => {
  const { g } = priced();
  const backend = memory();
  await g.build({ backend });
  const plan = await planGraph(g.definition, { backend, params: { rate: 0.2, names: ["a"] } });
  const step = plan.steps.find(({ key }) => key === "gross")!;
  expect(step.reason.code).toBe("param-changed");
  const [told] = await why(g.definition, "gross", { backend, params: { rate: 0.2 } });
  expect(told!.now.reason.changes).toEqual([{ part: "param 'rate'", change: "changed", before: "0.1", after: "0.2" }]);
});

it("what a producer does to its params changes nothing for the next step", async () => {
  const { g, ran } = priced();
  await g.build({ backend: memory(), params: { names: ["a"] } });
  await g.build({ backend: memory(), params: { names: ["a"] } });
  expect(ran.filter((one) => one.startsWith("gross"))).toEqual(["gross 0.1 a", "gross 0.1 a"]);
});

it("values are refused in one sentence: unknown, unfit, missing, not encodable", async () => {
  const { g } = priced();
  const backend = memory();
  const refused = async (params: Record<string, unknown>): Promise<string> =>
    g.build({ backend, params }).then(
      () => "built",
      (error: StratigraphError) => `${error.code} ${error.message}`,
    );
  expect(await refused({ raet: 1 })).toBe(
    "PARAM_INVALID graph 'priced': no producer uses a param 'raet'; expected 'rate', 'names'. Did you mean 'rate'?",
  );
  expect(await refused({ rate: "0.2" })).toMatch(
    /^PARAM_INVALID graph 'priced', producer 'gross', param 'rate': the value does not fit/,
  );
  expect(await refused({ rate: -1 })).toContain(
    "param 'rate': the value does not fit the schema; expected number to be >=0, received -1",
  );
  expect(await refused([] as never)).toContain("params are given by name");
  const needing = priced({ rate: z.number(), names: z.array(z.string()).default([]) }).g;
  await expect(needing.build({ backend })).rejects.toThrow("param 'rate' has no value");
  expect(() => priced({ rate: 5 as never, names: z.array(z.string()).default([]) })).toThrow(
    "a param has a zod schema",
  );
  const fn = priced({ rate: z.any(), names: z.array(z.string()).default([]) }).g;
  await expect(fn.build({ backend, params: { rate: () => 1 } })).rejects.toThrow("this value cannot be fingerprinted");
});

it("a graph may give values itself, and withParams others", async () => {
  const show = producer({
    name: "show",
    version: "1.0.0",
    inputs: {},
    params: { rate: z.number(), unit: z.enum(["eur", "usd"]).default("eur") },
    output: artifact({ schema: z.string() }),
    build: (_, { params }) => `${params.rate} ${params.unit}`,
  });
  const g = graph("given", () => ({ shown: show() }), { params: { rate: 1 } });
  const read = async (one: typeof g, params = {}): Promise<string> => {
    const snapshot = await one.build({ backend: memory(), params });
    return snapshot.read(one.artifacts.shown);
  };
  expect(await read(g)).toBe("1 eur");
  expect(await read(g, { unit: "usd" })).toBe("1 usd");
  expect(await read(g.withParams({ rate: 2 }), { unit: "usd" })).toBe("2 usd");
});

it("a replay runs with the params of then", async () => {
  const { g, ran } = priced();
  const backend = memory();
  const { id } = await g.build({ backend, params: { rate: 0.3 } });
  await using workspace = await openWorkspace({ backend });
  const snapshot = (await workspace.connection.readSnapshot(id))!;
  const { items } = await workspace.connection.readSnapshotPartitions(id, "gross", {});
  const replay = await replayPartition(workspace, g.definition, snapshot, { key: "gross", partition: items[0]! });
  expect([replay.same, replay.sameProducer, ran.at(-1)]).toEqual([true, true, "gross 0.3 "]);
});
