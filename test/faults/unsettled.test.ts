// A producer that never answers: Node would end as if all were well.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("a producer that can never answer fails its step instead of ending the process with nothing said", () => {
  const program = fileURLToPath(new URL("programs/never.mjs", import.meta.url));

  const { stdout, stderr, status } = spawnSync(process.execPath, [program], { encoding: "utf8" });

  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual([
    ["never", "failed", "STEP_UNSETTLED"],
    ["fine", "built", null],
  ]);
  expect(status).toBe(1);
});
