// The backends that the contract is tried on.

import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { memory } from "../../src/backend/memory/memory-backend.ts";
import { sqlite } from "../../src/backend/sqlite/index.ts";
import type { BackendSubject } from "../../src/testing/index.ts";

export const memorySubject: BackendSubject = {
  name: "memory",
  capabilities: ["readOnly"],
  open: async (options) => ({ backend: memory(options), dispose: async () => undefined }),
};

export const sqliteSubject: BackendSubject = {
  name: "sqlite",
  capabilities: ["persistent", "multiProcess", "readOnly"],
  async open(options) {
    const folder = mkdtempSync(join(tmpdir(), "strata-backend-"));
    const path = join(folder, "strata.db");
    return {
      backend: sqlite(path, options),
      reopen: (again) => sqlite(path, again ?? options),
      spawn: (task, args) => spawnProgram(backendChild, [path, task, ...args]),
      dispose: async () => rmSync(folder, { recursive: true, force: true }),
    };
  },
};

export const backendChild: string = fileURLToPath(new URL("../contract/backend-child.ts", import.meta.url));

const jiti = fileURLToPath(new URL("../../node_modules/jiti/lib/jiti-cli.mjs", import.meta.url));

/** Runs a program as a process of its own: TypeScript through jiti, `.mjs` as it is. */
export function spawnProgram(
  file: string,
  args: readonly string[],
  { env, ...options }: { uid?: number; gid?: number; env?: Readonly<Record<string, string>> } = {},
): ChildProcess {
  return spawn(process.execPath, [...(file.endsWith(".ts") ? [jiti] : []), file, ...args], {
    ...options,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_OPTIONS: "", VITEST: "", ...env },
  });
}
