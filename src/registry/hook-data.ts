// What hooks of the registry's changes get: the input of each as it was parsed, and what came of it.

import type { AliasRecord, AnnotationRecord, ModelName, Stage, VersionRecord } from "../backend/model-records.ts";
import type { Json } from "../backend/records.ts";
import type { AliasData } from "./actions/alias.ts";
import type { DeleteResult } from "./actions/delete.ts";
import type { DownloadData } from "./actions/download.ts";
import type { ImportOutcome } from "./actions/import.ts";
import type { AnnotateData, LabelData, LabelResult } from "./actions/note.ts";
import type { TransitionResult } from "./actions/transition.ts";
import type { UpdateData, UpdateResult } from "./actions/update.ts";
import type { ArtifactSource } from "./artifact-store.ts";
import type { PartitionRef } from "./source-partition.ts";
import type { ArchivePrevious } from "./stepping.ts";

/** What is to be registered; either `artifact` or `from` is there. */
export interface RegisterRequest extends ModelName {
  /** The next one unless told. */
  readonly version?: string | undefined;
  readonly bump?: "patch" | "minor" | "major" | undefined;
  readonly artifact?: ArtifactSource | undefined;
  readonly from?: PartitionRef | undefined;
  readonly metrics: Readonly<Record<string, number>>;
  readonly hyperparameters: Readonly<Record<string, Json>>;
  readonly metadata: Readonly<Record<string, Json>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly framework?: string | undefined;
  readonly artifactType?: string | undefined;
  readonly description?: string | undefined;
  readonly inputSchema?: Json | undefined;
  readonly outputSchema?: Json | undefined;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly runId?: string | undefined;
  readonly configFingerprint?: string | undefined;
  readonly gates?: Readonly<Record<string, Json>> | undefined;
  readonly reason?: string | undefined;
}

/** Which version goes where. */
export interface StepRequest extends ModelName {
  readonly version: string;
  readonly sequence: number;
  readonly to: Stage;
  /** Instead of the version's and the model's. */
  readonly gates?: Readonly<Record<string, Json>> | undefined;
  readonly force: boolean;
  readonly reason?: string | undefined;
  readonly archivePrevious: ArchivePrevious;
}

export interface DeleteRequest extends ModelName {
  readonly version: string;
  readonly sequence: number;
  readonly force: boolean;
  readonly reason?: string | undefined;
}

/** Which versions of a model are taken over; they themselves are too much to be changed by a hook. */
export interface ImportRequest extends ModelName {
  readonly versions: readonly string[];
  readonly reason?: string | undefined;
}

interface Step {
  readonly data: StepRequest;
  readonly result: TransitionResult;
}

declare module "../changes/hooks.ts" {
  interface HookTypes {
    "model.register": { readonly data: RegisterRequest; readonly result: VersionRecord };
    "model.promote": Step;
    "model.demote": Step;
    "model.archive": Step;
    "model.rollback": Step;
    "model.restore": Step;
    "model.delete": { readonly data: DeleteRequest; readonly result: DeleteResult };
    "model.label": { readonly data: LabelData; readonly result: LabelResult };
    "model.annotate": { readonly data: AnnotateData; readonly result: AnnotationRecord | undefined };
    "model.alias": { readonly data: AliasData; readonly result: AliasRecord | undefined };
    "model.update": { readonly data: UpdateData; readonly result: UpdateResult };
    "model.download": { readonly data: DownloadData; readonly result: DownloadData };
    "model.import": { readonly data: ImportRequest; readonly result: ImportOutcome };
  }
}
