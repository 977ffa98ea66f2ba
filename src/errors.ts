// Every error a user can meet: one class, a stable code, and a sentence that says what, where, expected, received and what to do.

/**
 * The codes, each with the sentence `docs/errors.md` prints for it.
 * A code is never renamed or reused once released; a new one goes to the end of its group.
 */
export const errorCodes = {
  // identity
  VALUE_NOT_ENCODABLE: "A value that should be fingerprinted has no unambiguous encoding.",
  FINGERPRINT_INVALID: "A text is not a fingerprint.",
  MANIFEST_INVALID: "A stored manifest is damaged or not in canonical form.",
  FINGERPRINT_COLLISION: "One fingerprint stands for two different manifests.",
  VERSION_INVALID: "A producer's version is not a semver, text, git commit or timestamp with zone.",
  SCHEMA_UNSUPPORTED: "A schema has no JSON Schema form, so it cannot be compared or stored.",
  PARTITION_KEY_INVALID: "A partition key does not fit the artifact's dimensions.",

  // data
  TEMPLATE_INVALID: "A storage template is malformed, ambiguous, or leaves its folder.",
  LOCATION_TOO_LONG: "A file name or path would be longer than file systems allow.",
  SOURCE_MISSING: "A source artifact has no data where its template looks.",
  SOURCE_CHANGED: "A source changed after its snapshot was taken.",
  SOURCE_UNSTABLE: "A source kept changing while it was being read.",
  DATA_MISSING: "A stored partition's bytes are gone.",
  DATA_DAMAGED: "A stored partition's bytes are not the ones that were recorded.",
  DATA_UNPARSEABLE: "Bytes could not be decoded in the artifact's format.",
  DATA_INVALID: "A value does not fit the artifact's schema.",
  STORAGE_FULL: "The disk is full.",
  STORAGE_READ_ONLY: "The place to write to cannot be written.",
  STORAGE_FAILED: "The file system refused an operation.",
  PARTITION_AMBIGUOUS: "Two files claim the same partition, or differ in case only.",

  // graph
  GRAPH_INVALID: "A graph, artifact or producer is declared wrongly.",
  GRAPH_CYCLE: "Artifacts depend on each other in a circle.",
  SELECTOR_UNKNOWN: "A selector matches nothing in the graph.",
  SELECTOR_INVALID: "A text is not written like a selector.",

  // backend
  BACKEND_MISSING_DRIVER: "The database driver is not installed.",
  BACKEND_UNSUPPORTED: "The database or its version cannot be used safely.",
  BACKEND_BUSY: "The database stayed locked longer than the time allowed.",
  BACKEND_CORRUPT: "The database file is damaged or is not a database.",
  BACKEND_FULL: "The disk under the database is full.",
  BACKEND_READ_ONLY: "The database cannot be written.",
  BACKEND_NEWER: "The database was written by a newer version of stratigraph.",
  BACKEND_FAILED: "The database refused an operation.",
  CONNECTION_CLOSED: "The connection was used after it was closed.",
  TEXT_INVALID: "A name or text holds characters that cannot be stored.",
  CURSOR_INVALID: "A page cursor was not made by this listing.",
  SNAPSHOT_UNKNOWN: "No snapshot has that id or tag.",
  SNAPSHOT_INCOMPLETE: "The snapshot's build has not succeeded, so it cannot be tagged.",
  TAG_UNKNOWN: "No such tag.",
  TAG_EXISTS: "The tag names another snapshot and was not told to move.",
  TAG_CONFLICT: "Somebody else moved the tag in between.",
  BACKEND_MISSING: "There is no database where one was to be read.",
  RECORD_INVALID: "A record holds a value that cannot be stored.",
  PARTITION_UNKNOWN: "A stored partition is gone, or never was there.",
  RUN_UNKNOWN: "No run has that id.",
  TRANSACTION_INVALID: "A transaction was used inside another one or after its end.",
  RUN_AMBIGUOUS: "A text begins the ids of several runs.",

  // build
  BUILD_FAILED: "At least one step of a build failed.",
  BUILD_CANCELLED: "The build was cancelled.",
  STEP_FAILED: "A producer threw an error.",
  STEP_TIMEOUT: "A producer took longer than its time limit.",
  STEP_OUTPUT_INVALID: "A producer returned something else than its outputs.",
  STEP_CHECK_FAILED: "A check of an output or a producer's validate said no.",
  STEP_UNSETTLED: "A producer can never finish: nothing is left that could wake it.",
  STEP_EXITED: "A producer ended the process.",
  PARTITION_NOT_BUILT: "The snapshot has no such partition.",

  // registry
  MODEL_NOT_FOUND: "No model has that name.",
  MODEL_EXISTS: "A model of that name exists already.",
  VERSION_NOT_FOUND: "A model has no such version.",
  VERSION_EXISTS: "That version number was given already.",
  ALIAS_NOT_FOUND: "A model has no such alias.",
  ARTIFACT_NOT_FOUND: "The bytes of a model are not where they should be.",
  ARTIFACT_CORRUPTED: "The bytes of a model are not the ones that were registered.",
  INVALID_TRANSITION: "A version cannot go from its stage to the one asked for.",
  PROMOTION_BLOCKED: "At least one gate says no to a promotion.",
  GATE_INVALID: "A gate is not written like one.",
  VALIDATION_FAILED: "What was given to a call does not fit.",
  CONFLICT: "Somebody else changed the record in between.",

  // facts
  HOOK_VETO: "A hook said no, so nothing was written.",
  HOOK_TIMEOUT: "A hook took longer than its time limit.",
  AUDIT_TAMPERED: "The audit log was changed by somebody other than us.",
  LOCK_TIMEOUT: "A lease was not given in time.",
  JOURNAL_INVALID: "A line of the fallback journal cannot be read.",
  METADATA_FELL_BACK: "Some records could not be written and wait in the fallback journal.",
  WRITER_CLOSED: "A record was submitted after the writer was closed.",
  CIRCUIT_OPEN: "The backend failed so often that it is left alone for a while.",
  BACKEND_TIMEOUT: "The backend did not answer in time.",
  AUTH_FAILED: "Credentials are missing or were refused.",
  NOT_INITIALIZED: "There is no current instance to work with.",
  METADATA_DROPPED: "A record was taken out of a full queue before it was written.",
  METADATA_LOST: "A record could be written neither to the backend nor to the fallback journal.",

  // plugins
  PLUGIN_NOT_FOUND: "No plugin has that name.",
  PLUGIN_INVALID: "A plugin lacks what its group asks of it.",
  PACKAGE_MISSING: "An optional package that is needed for this is not installed.",

  // command line
  USAGE: "A command was called wrongly.",
  CONFIG_INVALID: "The configuration file is not valid.",
  MODULE_NOT_LOADED: "The file that declares the graph could not be loaded.",
} as const;

export type ErrorCode = keyof typeof errorCodes;

export interface ErrorDetails {
  /** Where it happened, in the user's words: a file and row, `graph 'spend', producer 'sum-day', input 'days'`. */
  readonly where?: string | undefined;
  readonly expected?: string | undefined;
  readonly received?: string | undefined;
  /** What to do about it, as one imperative sentence. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  /** Plain values a program may want to look at; never secrets. */
  readonly data?: Readonly<Record<string, unknown>> | undefined;
}

const MARK = Symbol.for("stratigraph.error");

/** The one error class. `message` is a complete sentence; the parts are also there as fields. */
export class StratigraphError extends Error {
  override readonly name = "StratigraphError";
  readonly code: ErrorCode;
  readonly where: string | undefined;
  readonly expected: string | undefined;
  readonly received: string | undefined;
  readonly hint: string | undefined;
  readonly data: Readonly<Record<string, unknown>> | undefined;
  /** The sentence without place, values and hint. */
  readonly what: string;

  constructor(code: ErrorCode, what: string, details: ErrorDetails = {}) {
    super(sentence(what, details), details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.what = what;
    this.where = details.where;
    this.expected = details.expected;
    this.received = details.received;
    this.hint = details.hint;
    this.data = details.data;
    Object.defineProperty(this, MARK, { value: true });
  }

  /** The same error with a place put in front of the one it has: callers add what they know on the way up. */
  within(place: string): StratigraphError {
    const { code, expected, received, hint, data, cause } = this;
    const where = this.where === undefined ? place : `${place}, ${this.where}`;
    return new StratigraphError(code, this.what, { where, expected, received, hint, data, cause });
  }
}

/** True for our errors, also when they come from a second copy of the package. */
export function isStratigraphError(error: unknown): error is StratigraphError {
  return typeof error === "object" && error !== null && MARK in error;
}

function sentence(what: string, { where, expected, received, hint }: ErrorDetails): string {
  let text = where === undefined ? what : `${where}: ${what}`;
  if (expected !== undefined) text += `; expected ${expected}`;
  if (received !== undefined) text += `${expected === undefined ? ";" : ","} received ${received}`;
  return hint === undefined ? text : `${text}. ${hint}`;
}
