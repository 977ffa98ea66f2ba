// How the tests are found and run; the package's public names resolve to the sources.

import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"], externalConditions: ["source"] } },
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: "forks",
    // At least two: most tests of processes wait for disks and for each other, and a small machine would stand idle meanwhile.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
