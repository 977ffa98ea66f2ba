// Deleting a version, and handing out its bytes.

import { resolve } from "node:path";
import { z } from "zod";
import type { ModelName, StoredArtifact } from "../backend/model-records.ts";
import type { VersionRecord } from "../backend/model-records.ts";
import { StratigraphError } from "../errors.ts";
import { deleteApplier, type DeleteData, type DeleteResult } from "./actions/delete.ts";
import { downloadApplier, type DownloadData } from "./actions/download.ts";
import type { ChangeOptions, RegistryCore } from "./core.ts";
import type { DeleteRequest } from "./hook-data.ts";
import { nameSchema, reasonSchema } from "./limits.ts";
import { modelVersionOf, type ModelVersion } from "./model-version.ts";
import { formatModelName, resourceOf } from "./name.ts";
import type { ModelRefInput } from "./reference.ts";
import { findReferences } from "./references.ts";
import { written, type Written } from "./written.ts";

export interface DeleteOptions extends ChangeOptions {
  /** Also a version that is in production; needs a reason. False unless told. */
  readonly force?: boolean | undefined;
}

const deleteSchema: z.ZodType<DeleteRequest> = z.strictObject({
  namespace: nameSchema,
  name: nameSchema,
  version: z.string(),
  sequence: z.int().positive(),
  force: z.boolean(),
  reason: reasonSchema.optional(),
});

/** Errors: VERSION_NOT_FOUND; INVALID_TRANSITION for one in production, unless forced; VALIDATION_FAILED for force without a reason. */
export async function deleteVersion(
  core: RegistryCore,
  ref: ModelRefInput,
  options: DeleteOptions,
): Promise<Written<ModelVersion>> {
  const { ref: pick, named, ...rest } = core.modelRef(ref);
  const name: ModelName = { namespace: rest.namespace, name: rest.name };
  if (!named) {
    throw new StratigraphError("VALIDATION_FAILED", "say which version is to be deleted", {
      where: `model ${formatModelName(name)}`,
      expected: `something like ${formatModelName(name)}@1.3.0`,
    });
  }
  const { force = false, reason } = options;
  const { version, sequence } = await core.find(name, pick);
  const receipt = await core.change<DeleteRequest, DeleteData, DeleteResult>(
    {
      action: deleteApplier.action,
      resource: (input) => resourceOf(input, input.version),
      schema: deleteSchema,
      input: { ...name, version, sequence, force, ...(reason === undefined ? {} : { reason }) },
      decide: async (input, context) => {
        const view = await core.view(input, context);
        const found = await core.find(input, { kind: "sequence", sequence: input.sequence }, view);
        const forced = checkDeletion(found, input);
        const deleted = { at: context.at, by: context.actor, why: input.reason };
        return {
          data: {
            ...name,
            version: found.version,
            sequence: found.sequence,
            revision: found.revision,
            why: input.reason,
            forced,
          },
          result: {
            version: { ...found, stage: "archived", artifact: undefined, deleted, revision: found.revision + 1 },
            artifact: found.artifact,
          },
        };
      },
      applier: deleteApplier,
    },
    options,
    { quick: true, again: true },
  );
  const gone = receipt.result.artifact;
  if (gone !== undefined) {
    const swept = receipt.committed.then(() => removeBytes(core, gone));
    // What is left to the writer is swept when it is written; if it never is, the bytes are still somebody's.
    if (receipt.behind) swept.catch(() => undefined);
    else await swept;
  }
  return written(receipt, (result) => modelVersionOf(result.version));
}

/** Whether it is forced. */
function checkDeletion({ stage }: VersionRecord, input: DeleteRequest): boolean {
  if (stage !== "production") return false;
  const where = resourceOf(input, input.version);
  if (!input.force) {
    throw new StratigraphError("INVALID_TRANSITION", "a version in production is not deleted", {
      where,
      hint: "Promote another one, or archive it, or delete it by force with a reason.",
      data: { step: "delete", from: stage },
    });
  }
  if (input.reason === undefined) {
    throw new StratigraphError("VALIDATION_FAILED", "deleting what is in production needs a reason", {
      where,
      expected: "`reason`: who reads the audit log wants to know why",
    });
  }
  return true;
}

/** Only where no other version has the same ones. The store itself keeps what was put again a moment ago. */
async function removeBytes(core: RegistryCore, { digest }: StoredArtifact): Promise<void> {
  const { digests } = await findReferences(core.host);
  if (!digests.has(digest)) await core.store.remove(digest);
}

/** The stored bytes of a version. Error: ARTIFACT_NOT_FOUND. */
export function artifactOf(version: VersionRecord): StoredArtifact {
  if (version.artifact !== undefined) return version.artifact;
  throw new StratigraphError("ARTIFACT_NOT_FOUND", "the version has no bytes", {
    where: resourceOf(version, version.version),
    data: { namespace: version.namespace, name: version.name, version: version.version },
  });
}

const downloadSchema: z.ZodType<DownloadData> = z.strictObject({
  namespace: nameSchema,
  name: nameSchema,
  version: z.string(),
  folder: z.string().min(1),
  digest: z.string(),
});

/** Copies a version's bytes, verified, into a folder that is empty or not there. */
export async function download(
  core: RegistryCore,
  ref: ModelRefInput,
  folder: string,
  options: ChangeOptions,
): Promise<Written<ModelVersion & { readonly folder: string }>> {
  const { ref: pick, ...rest } = core.modelRef(ref);
  const name: ModelName = { namespace: rest.namespace, name: rest.name };
  const version = await core.find(name, pick);
  const artifact = artifactOf(version);
  const receipt = await core.change<DownloadData, DownloadData, DownloadData>(
    {
      action: downloadApplier.action,
      resource: (input) => resourceOf(input, input.version),
      schema: downloadSchema,
      input: { ...name, version: version.version, folder: resolve(folder), digest: artifact.digest },
      decide: async (input) => {
        await core.store.download(artifact, input.folder);
        return { data: input, result: input };
      },
      applier: downloadApplier,
    },
    options,
    { quick: false, again: false },
  );
  return written(receipt, (result) => ({ ...modelVersionOf(version), folder: result.folder }));
}
