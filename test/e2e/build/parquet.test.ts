// Parquet files where optional packages around them are not installed.

import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { ExampleCopy } from "../../support/example.ts";
import { installed, installWithout } from "../../support/install-without.ts";
import { openSpace } from "../../support/space.ts";

const flights = fileURLToPath(new URL("../../../node_modules/vega-datasets/data/flights-3m.parquet", import.meta.url));

it("without hyparquet-compressors there is one sentence, and files that need none are written and read", async () => {
  await using space = await openSpace({ installed: false });
  installWithout(space, "hyparquet-compressors");
  space.write({
    "graph.ts": `import { artifact, file, graph, literal, local, parquet, producer, stream } from "stratigraph";
import { z } from "zod";
const Flights = artifact({ schema: z.array(z.object({ delay: z.int() })), format: parquet() });
const Count = artifact({ schema: z.number() });
const count = producer({
  name: "count", version: "1.0.0", inputs: { rows: stream(Flights) }, output: Count,
  build: async ({ rows }) => { let n = 0; for await (const _ of rows) n += 1; return n; },
});
const copy = producer({
  name: "copy", version: "1.0.0", inputs: {}, output: Flights,
  build: () => [{ delay: 1 }, { delay: 2 }],
});
export default graph("missing", () => {
  const copied = copy();
  const flights = Flights.from(local("data/flights.parquet"));
  return { flights, copied, own: count({ rows: copied }), other: count({ rows: flights }) };
});
`,
  });
  mkdirSync(space.path("data"));
  copyFileSync(flights, space.path("data", "flights.parquet"));

  const { stdout, status } = installed(space, "build", "graph.ts", "--json");

  expect(status).toBe(1);
  const answer = JSON.parse(stdout) as { built: number; failed: number; steps: { error?: unknown }[] };
  expect([answer.built, answer.failed]).toEqual([2, 1]);
  expect(answer.steps.find(({ error }) => error !== undefined && error !== null)?.error).toMatchObject({
    code: "PACKAGE_MISSING",
    message: expect.stringContaining(
      "the package 'hyparquet-compressors' is needed for Parquet files that are compressed with ZSTD. Run `npm install hyparquet-compressors`.",
    ) as string,
  });
});

it("the flights are asked in TypeScript alone where DuckDB is not installed", () => {
  using copy = new ExampleCopy("flights");
  rmSync(join(copy.folder, "node_modules", "@duckdb"), { recursive: true });

  const { output, status } = copy.run("jiti main.ts");

  expect(output).toMatch(/^JFK {2}1,189 flights/);
  expect(output).toContain("16 built\nDuckDB: not run, @duckdb/node-api is not installed\n");
  expect(status).toBe(0);
});
