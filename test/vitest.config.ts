// How the tests are found and run; the package's public names resolve to the sources.

import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const faults = "test/faults/**/*.test.ts";

export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"], externalConditions: ["source"] } },
  test: {
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: "forks",
    projects: [
      {
        extends: true,
        test: {
          name: "tests",
          include: ["test/**/*.test.ts"],
          exclude: [faults],
          // At least two: most tests of processes wait for disks and for each other, and a small machine would stand idle meanwhile.
          maxWorkers: Math.max(2, availableParallelism() - 1),
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        // Many processes at once, killed at moments that depend on how fast they are: one file after the other, with nothing beside them.
        test: { name: "faults", include: [faults], maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
