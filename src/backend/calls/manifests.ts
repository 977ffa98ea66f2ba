// Calls about manifests.

import type { ManifestStore } from "../backend.ts";
import { checkFingerprint, checkFingerprints, checkText } from "../check.ts";
import type { CallsOf } from "./call.ts";

export const manifestCalls: CallsOf<ManifestStore> = {
  writeManifests: {
    writes: true,
    check(manifests) {
      for (const { fingerprint, text } of manifests) {
        checkFingerprint(fingerprint, "manifest");
        checkText(text, "manifest");
      }
    },
    nothing: (manifests) => (manifests.length === 0 ? { answer: undefined } : undefined),
  },
  readManifests: {
    writes: false,
    check: (fingerprints) => checkFingerprints(fingerprints, "manifest"),
    nothing: (fingerprints) => (fingerprints.length === 0 ? { answer: [] } : undefined),
  },
};
