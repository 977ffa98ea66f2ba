// That a version's bytes were handed out, as a row: nothing else changes.

import { z } from "zod";
import { nameSchema } from "../limits.ts";
import { resourceOf } from "../name.ts";
import type { RegistryApplier } from "./applier.ts";

export interface DownloadData {
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
  readonly folder: string;
  readonly digest: string;
}

export const downloadApplier: RegistryApplier<DownloadData, DownloadData> = {
  action: "model.download",
  schema: z.object({
    namespace: nameSchema,
    name: nameSchema,
    version: z.string(),
    folder: z.string(),
    digest: z.string(),
  }),
  async apply(_tx, data) {
    const { namespace, name, version, folder, digest } = data;
    const resource = resourceOf(data, version);
    return {
      result: data,
      events: [{ type: "model.downloaded", subject: resource, data: { namespace, name, version, digest } }],
      audit: [{ resource, data: { folder, digest } }],
    };
  },
};
