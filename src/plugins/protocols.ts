// What a registry must do to stand in for ours: six methods, told by their shape alone.

import type { Stage } from "../backend/model-records.ts";
import type { Json } from "../backend/records.ts";

/** What is asked of a version wherever it is kept; more fields are welcome. */
export interface ModelVersionInfo {
  readonly namespace: string;
  readonly name: string;
  /** Semantic version. */
  readonly version: string;
  /** 1, 2, 3, …: the order of registration. */
  readonly sequence: number;
  readonly stage: Stage;
  /** ISO time with zone. */
  readonly createdAt: string;
  /** The version of the package that wrote the record. */
  readonly engineVersion: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly metadata: Readonly<Record<string, Json>>;
}

export interface NewModelVersion {
  readonly name: string;
  /** "default" unless told. */
  readonly namespace?: string | undefined;
  /** A semantic version nobody has or had; the next patch unless told, 1.0.0 for the first. */
  readonly version?: string | undefined;
  /** The path of a file or folder, or bytes. */
  readonly artifact: string | Uint8Array;
  readonly metrics?: Readonly<Record<string, number>> | undefined;
  readonly metadata?: Readonly<Record<string, Json>> | undefined;
}

export interface PromotionOptions {
  readonly gates?: Readonly<Record<string, Json>> | undefined;
  readonly by?: string | undefined;
  readonly reason?: string | undefined;
  readonly force?: boolean | undefined;
}

/** The bytes of a version as a file or folder, until disposed. */
export interface OpenArtifact extends AsyncDisposable {
  readonly path: string;
}

/**
 * A model is named "team/churn", one version of it "team/churn@1.3.0" or "team/churn@production".
 * Every method throws MODEL_NOT_FOUND and VERSION_NOT_FOUND where there is none, the latter naming the versions there are.
 */
export interface RegistryBackend {
  /** Resolves once the bytes are durable. Errors: VERSION_EXISTS, VALIDATION_FAILED, ARTIFACT_NOT_FOUND. */
  register(version: NewModelVersion): Promise<ModelVersionInfo>;
  get(reference: string): Promise<{ readonly info: ModelVersionInfo; readonly artifact: OpenArtifact }>;
  /** Newest first, by sequence; deleted ones are left out. */
  listVersions(model: string): Promise<{ readonly items: readonly ModelVersionInfo[] }>;
  /** At most one version is in production: the one before is archived. Errors: PROMOTION_BLOCKED, INVALID_TRANSITION. */
  promote(reference: string, to: string, options?: PromotionOptions): Promise<ModelVersionInfo>;
  /** Down, or to archived. Error: INVALID_TRANSITION. */
  demote(reference: string, to: string, options?: PromotionOptions): Promise<ModelVersionInfo>;
  /** Its numbers stay taken. Error: INVALID_TRANSITION for the version in production, unless forced with a reason. */
  delete(reference: string, options?: { readonly force?: boolean; readonly reason?: string }): Promise<unknown>;
}
