// Instances for tests: a folder of their own, no variables of whoever runs the tests, and what they warned about.

import { createMLOps, type MLOps, type MLOpsOptions } from "../../src/mlops/mlops.ts";
import { Folder } from "./folder.ts";

export interface InstanceSpace extends AsyncDisposable {
  readonly folder: Folder;
  readonly warnings: readonly string[];
  /** Another instance in the same folder; closed at the end. */
  open(options?: MLOpsOptions): Promise<MLOps>;
}

/** Their journals are in the folder as well, unless told. */
export function instanceSpace(): InstanceSpace {
  const folder = new Folder();
  const warnings: string[] = [];
  const opened: MLOps[] = [];
  return {
    folder,
    warnings,
    async open({ metadata, ...options } = {}) {
      const instance = await createMLOps({
        cwd: folder.path,
        env: {},
        warn: (sentence) => void warnings.push(sentence),
        actor: "ana",
        metadata: { home: "journal", ...metadata },
        ...options,
      });
      opened.push(instance);
      return instance;
    },
    async [Symbol.asyncDispose]() {
      for (const instance of opened) {
        await instance.flush({ timeoutMs: 50 });
        await instance.close();
      }
      folder[Symbol.dispose]();
    },
  };
}
