// The error codes, by group: the sentence each stands for, and how programs, servers and retries treat it.

/**
 * What a code says: its sentence; the HTTP status, 500 unless told; whether the call may be made again, and whether the record that was
 * not written may wait in the fallback journal, neither unless told; the exit code, 1 unless told.
 * A code is never renamed or reused once released; a new one goes to the end of its group.
 */
type Traits = readonly [
  sentence: string,
  httpStatus?: number,
  may?: "" | "retry" | "degrade" | "retry or degrade",
  exitCode?: number,
];

export const errorGroups = {
  identity: {
    VALUE_NOT_ENCODABLE: ["A value that should be fingerprinted has no unambiguous encoding.", 422],
    FINGERPRINT_INVALID: ["A text is not a fingerprint.", 400],
    MANIFEST_INVALID: ["A stored manifest is damaged or not in canonical form."],
    FINGERPRINT_COLLISION: ["One fingerprint stands for two different manifests."],
    VERSION_INVALID: ["A producer's version is not a semver, text, git commit or timestamp with zone.", 422],
    SCHEMA_UNSUPPORTED: ["A schema has no JSON Schema form, so it cannot be compared or stored.", 422],
    PARTITION_KEY_INVALID: ["A partition key does not fit the artifact's dimensions.", 422],
  },
  data: {
    TEMPLATE_INVALID: ["A storage template is malformed, ambiguous, or leaves its folder.", 422],
    LOCATION_TOO_LONG: ["A file name or path would be longer than file systems allow.", 422],
    SOURCE_MISSING: ["A source artifact has no data where its template looks.", 404],
    SOURCE_CHANGED: ["A source changed after its snapshot was taken.", 409],
    SOURCE_UNSTABLE: ["A source kept changing while it was being read.", 409, "retry"],
    DATA_MISSING: ["A stored partition's bytes are gone."],
    DATA_DAMAGED: ["A stored partition's bytes are not the ones that were recorded."],
    DATA_UNPARSEABLE: ["Bytes could not be decoded in the artifact's format.", 422],
    DATA_INVALID: ["A value does not fit the artifact's schema.", 422],
    STORAGE_FULL: ["The disk is full.", 507, "degrade"],
    STORAGE_READ_ONLY: ["The place to write to cannot be written.", 500, "degrade"],
    STORAGE_FAILED: ["The file system refused an operation.", 500, "degrade"],
    PARTITION_AMBIGUOUS: ["Two files claim the same partition, or differ in case only.", 409],
    EXPORT_INVALID: ["A folder is no export of a snapshot, or was damaged or changed since it was written.", 422],
  },
  graph: {
    GRAPH_INVALID: ["A graph, artifact or producer is declared wrongly.", 422],
    GRAPH_CYCLE: ["Artifacts depend on each other in a circle.", 422],
    SELECTOR_UNKNOWN: ["A selector matches nothing in the graph.", 404],
    SELECTOR_INVALID: ["A text is not written like a selector.", 400],
  },
  backend: {
    BACKEND_MISSING_DRIVER: ["The database driver is not installed.", 500, "degrade"],
    BACKEND_UNSUPPORTED: ["The database or its version cannot be used safely.", 500, "degrade"],
    BACKEND_BUSY: ["The database stayed locked longer than the time allowed.", 503, "retry or degrade"],
    BACKEND_CORRUPT: ["The database file is damaged or is not a database.", 500, "degrade"],
    BACKEND_FULL: ["The disk under the database is full.", 507, "degrade"],
    BACKEND_READ_ONLY: ["The database cannot be written.", 500, "degrade"],
    BACKEND_NEWER: ["The database was written by a newer version of stratigraph.", 500, "degrade"],
    BACKEND_FAILED: ["The database refused an operation.", 500, "degrade"],
    CONNECTION_CLOSED: ["The connection was used after it was closed.", 500, "degrade"],
    TEXT_INVALID: ["A name or text holds characters that cannot be stored.", 422],
    CURSOR_INVALID: ["A page cursor was not made by this listing.", 400],
    SNAPSHOT_UNKNOWN: ["No snapshot has that id or tag.", 404],
    SNAPSHOT_INCOMPLETE: ["The snapshot's build has not succeeded, so it cannot be tagged.", 409],
    TAG_UNKNOWN: ["No such tag.", 404],
    TAG_EXISTS: ["The tag names another snapshot and was not told to move.", 409],
    ENVIRONMENT_UNKNOWN: ["No graph has anything in that environment.", 404],
    TAG_CONFLICT: ["Somebody else moved the tag in between.", 409],
    BACKEND_MISSING: ["There is no database where one was to be read.", 404, "degrade"],
    RECORD_INVALID: ["A record holds a value that cannot be stored.", 422],
    PARTITION_UNKNOWN: ["A stored partition is gone, or never was there.", 404],
    RUN_UNKNOWN: ["No run has that id.", 404],
    TRANSACTION_INVALID: ["A transaction was used inside another one or after its end.", 500, "degrade"],
    FOLDER_SHARED: ["Another database has its values in the same folder, so nothing may be deleted from it.", 409],
    COPY_REFUSED: ["A backend cannot be copied into this one: it is the same, or it has a history of its own.", 409],
    RUN_AMBIGUOUS: ["A text begins the ids of several runs.", 409],
  },
  build: {
    BUILD_FAILED: ["At least one step of a build failed."],
    BUILD_CANCELLED: ["The build was cancelled.", 499],
    STEP_FAILED: ["A producer threw an error."],
    STEP_TIMEOUT: ["A producer took longer than its time limit.", 504],
    STEP_OUTPUT_INVALID: ["A producer returned something else than its outputs.", 422],
    STEP_CHECK_FAILED: ["A check of an output or a producer's validate said no.", 422],
    STEP_UNSETTLED: ["A producer can never finish: nothing is left that could wake it."],
    STEP_EXITED: ["A producer ended the process."],
    PARTITION_NOT_BUILT: ["The snapshot has no such partition.", 404],
    BUDGET_EXCEEDED: ["The plan is expected to take longer than the budget allows; nothing was started.", 409],
    PIN_INVALID: ["A pinned result cannot be used, or there is no such pin.", 409],
    BISECT_IMPOSSIBLE: ["No change can be found between these snapshots.", 409],
    REPLAY_IMPOSSIBLE: ["A stored result cannot be made again: what it was made from, or its producer, is gone.", 409],
    STEP_CONTEXT_INVALID: ["A producer used its context wrongly.", 422],
    PARAM_INVALID: ["A param has no value, or one that does not fit.", 422],
    POOL_INVALID: ["A pool has no limit, or one that is none.", 422],
    COMMAND_FAILED: ["A program that a command runs failed, or left no output."],
    SECRET_MISSING: ["A producer asked for a secret that nobody holds.", 401],
    THREAD_REFUSED: ["A producer cannot run in a thread: it is not found there, or a value cannot get across.", 422],
  },
  registry: {
    MODEL_NOT_FOUND: ["No model has that name.", 404],
    MODEL_EXISTS: ["A model of that name exists already.", 409],
    VERSION_NOT_FOUND: ["A model has no such version.", 404],
    VERSION_EXISTS: ["That version number was given already.", 409],
    ALIAS_NOT_FOUND: ["A model has no such alias.", 404],
    ARTIFACT_NOT_FOUND: ["The bytes of a model are not where they should be.", 404],
    ARTIFACT_CORRUPTED: ["The bytes of a model are not the ones that were registered."],
    INVALID_TRANSITION: ["A version cannot go from its stage to the one asked for.", 409],
    PROMOTION_BLOCKED: ["At least one gate says no to a promotion.", 409],
    GATE_INVALID: ["A gate is not written like one.", 422],
    VALIDATION_FAILED: ["What was given to a call does not fit.", 422],
    CONFLICT: ["Somebody else changed the record in between.", 409],
  },
  facts: {
    HOOK_VETO: ["A hook said no, so nothing was written.", 403],
    HOOK_TIMEOUT: ["A hook took longer than its time limit.", 504],
    AUDIT_TAMPERED: ["The audit log was changed by somebody other than us."],
    LOCK_TIMEOUT: ["A lease was not given in time.", 503, "retry"],
    JOURNAL_INVALID: ["A line of the fallback journal cannot be read."],
    METADATA_FELL_BACK: ["Some records could not be written and wait in the fallback journal.", 500, "", 5],
    WRITER_CLOSED: ["A record was submitted after the writer was closed."],
    CIRCUIT_OPEN: ["The backend failed so often that it is left alone for a while.", 503, "degrade"],
    BACKEND_TIMEOUT: ["The backend did not answer in time.", 504, "retry or degrade"],
    AUTH_FAILED: ["Credentials are missing or were refused.", 401],
    NOT_INITIALIZED: ["There is no current instance to work with."],
    METADATA_DROPPED: ["A record was taken out of a full queue before it was written."],
    METADATA_LOST: ["A record could be written neither to the backend nor to the fallback journal."],
  },
  plugins: {
    PLUGIN_NOT_FOUND: ["No plugin has that name.", 404],
    PLUGIN_INVALID: ["A plugin lacks what its group asks of it."],
    PACKAGE_MISSING: ["An optional package that is needed for this is not installed.", 501],
    PLUGIN_LACKS: ["A plugin cannot do what was asked of it.", 501],
  },
  "command line": {
    USAGE: ["A command was called wrongly.", 400, "", 2],
    CONFIG_INVALID: ["The configuration is not valid."],
    MODULE_NOT_LOADED: ["The file that declares the graph could not be loaded."],
  },
} as const;

type Groups = typeof errorGroups;

/** The group of codes a code is in. */
export type ErrorGroup = keyof Groups;

export type ErrorCode = { readonly [Group in ErrorGroup]: keyof Groups[Group] & string }[ErrorGroup];

/** How an error of one code is treated. */
export interface ErrorTraits {
  readonly group: ErrorGroup;
  /** The sentence `docs/errors.md` prints. */
  readonly sentence: string;
  /** What a server answers with. */
  readonly httpStatus: number;
  /** What the command line ends with. */
  readonly exitCode: number;
  /** The same call may succeed when it is made again soon. */
  readonly retryable: boolean;
  /**
   * The record that could not be written may wait in the fallback journal while the work goes on. Never true of refusals:
   * credentials, gates, hooks, validation, configuration, claims and conflicts always reach whoever called.
   */
  readonly degradable: boolean;
}

const rows: Readonly<Record<ErrorGroup, Readonly<Record<string, Traits>>>> = errorGroups;

/** Every code with its traits, in order of group, then of age. */
export const errorCodes: Readonly<Record<ErrorCode, ErrorTraits>> = Object.fromEntries(
  Object.entries(rows).flatMap(([group, codes]) =>
    Object.entries(codes).map(([code, [sentence, httpStatus = 500, may = "", exitCode = 1]]) => [
      code,
      {
        group: group as ErrorGroup,
        sentence,
        httpStatus,
        exitCode,
        retryable: may.includes("retry"),
        degradable: may.includes("degrade"),
      },
    ]),
  ),
) as Record<ErrorCode, ErrorTraits>;

/** A second, newer copy of the package may have codes this one does not know: those are plain failures. */
export function traitsOf(code: string): ErrorTraits {
  return isErrorCode(code) ? errorCodes[code] : OTHER;
}

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorCodes, text);
}

const OTHER: ErrorTraits = {
  group: "facts",
  sentence: "An error of another version of stratigraph.",
  httpStatus: 500,
  exitCode: 1,
  retryable: false,
  degradable: false,
};
