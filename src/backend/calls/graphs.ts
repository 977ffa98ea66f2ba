// Calls about graphs as descriptions.

import type { GraphStore } from "../backend.ts";
import { checkFingerprint, checkName, checkText } from "../check.ts";
import type { CallsOf } from "./call.ts";

export const graphCalls: CallsOf<GraphStore> = {
  readGraph: {
    writes: false,
    check(name, fingerprint) {
      checkText(name, "graph name");
      checkFingerprint(fingerprint, "graph");
    },
  },
  writeGraph: {
    writes: true,
    check({ name, fingerprint }) {
      checkName(name, "graph name");
      checkFingerprint(fingerprint, "graph");
    },
  },
  listGraphs: { writes: false, check: () => {} },
};
