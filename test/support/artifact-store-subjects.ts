// The artifact stores that the contract is tried on.

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { MemoryObjects } from "../../src/registry/store/memory-objects.ts";
import { localStore } from "../../src/registry/store/local-store.ts";
import { memoryStore } from "../../src/registry/store/memory-store.ts";
import type { ArtifactStoreSubject } from "../../src/testing/artifact-store-contract.ts";
import { spawnProgram } from "./backend-subjects.ts";

export const memoryStoreSubject: ArtifactStoreSubject = {
  name: "memory",
  async open(options) {
    const objects: MemoryObjects = new Map();
    return {
      store: memoryStore({ ...options, objects }),
      async damage(digest, how) {
        const object = objects.get(`objects/${digest}`)!;
        if (how === "remove") objects.delete(`objects/${digest}`);
        else object.bytes = flipped(object.bytes);
      },
      dispose: async () => undefined,
    };
  },
};

export const localStoreSubject: ArtifactStoreSubject = {
  name: "local",
  async open(options) {
    const folder = mkdtempSync(join(tmpdir(), "strata-store-"));
    return {
      store: localStore(join(folder, "store"), options),
      async damage(digest, how) {
        const path = join(folder, "store", "objects", digest.slice(0, 2), digest.slice(2));
        if (how === "remove") return rmSync(path);
        chmodSync(path, 0o600);
        writeFileSync(path, flipped(readFileSync(path)));
      },
      spawn: (task, args) => spawnProgram(storeChild, [join(folder, "store"), task, ...args]),
      dispose: async () => rmSync(folder, { recursive: true, force: true }),
    };
  },
};

const storeChild: string = fileURLToPath(new URL("../contract/artifact-store-child.ts", import.meta.url));

function flipped(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const at = Math.floor(copy.length / 2);
  copy[at] = copy[at]! ^ 1;
  return copy;
}
