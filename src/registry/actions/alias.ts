// Setting and removing an alias, as rows.

import { z } from "zod";
import type { AliasRecord } from "../../backend/model-records.ts";
import type { EventDraft } from "../../changes/applier.ts";
import { nameSchema } from "../limits.ts";
import { resourceOf } from "../name.ts";
import type { RegistryApplier } from "./applier.ts";

export interface AliasData {
  readonly namespace: string;
  readonly name: string;
  readonly alias: string;
  /** `undefined`: it is taken away. */
  readonly version?: string | undefined;
  /** Compare-and-set: what it must name now, `null` for nothing. */
  readonly expected?: string | null | undefined;
  readonly why?: string | undefined;
}

export const aliasApplier: RegistryApplier<AliasData, AliasRecord | undefined> = {
  action: "model.alias",
  schema: z.object({
    namespace: nameSchema,
    name: nameSchema,
    alias: nameSchema,
    version: z.string().optional(),
    expected: z.string().nullable().optional(),
    why: z.string().optional(),
  }),
  async apply(tx, data, intent) {
    const { namespace, name, alias, version, expected, why } = data;
    const written = await tx.writeAlias({
      namespace,
      name,
      alias,
      version,
      at: intent.recordedAt,
      by: intent.actor,
      why,
      ...(expected === undefined ? {} : { expected }),
    });
    const resource = resourceOf(data, version);
    const event: EventDraft =
      version === undefined
        ? { type: "alias.removed", subject: resource, data: { namespace, name, alias } }
        : { type: "alias.set", subject: resource, data: { namespace, name, version, alias } };
    return { result: written, events: [event], audit: [{ resource, why, data: { alias, version: version ?? null } }] };
  },
};
