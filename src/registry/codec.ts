// A codec: how the model objects of one library become files and models again; the registry itself knows no library.

import { readFile, readdir, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { z } from "zod";
import { StratigraphError } from "../errors.ts";
import type { Json } from "../backend/records.ts";
import { errnoOf, storageError } from "../util/durable-file.ts";
import { showValue } from "../util/show.ts";
import type { ArtifactHandle } from "./artifact-store.ts";

/** What a model says about itself; kept with its version. The names are those that other systems use. */
export interface ModelMetadata {
  readonly library?: string | undefined;
  readonly library_version?: string | undefined;
  readonly features?: readonly string[] | undefined;
  readonly params?: Readonly<Record<string, Json>> | undefined;
  readonly [key: string]: Json | undefined;
}

/**
 * The interface to implement for a library. What `load` answers for the files that `save` wrote must predict the same. An example that
 * does it all by hand is in docs/models-store.md.
 */
export interface ModelCodec<M> {
  /** Told in errors, and kept as the version's artifact type. */
  readonly name: string;
  /** Writes any files into an empty folder. Stop early where the signal is aborted. */
  save(model: M, folder: string, signal?: AbortSignal): Promise<void>;
  /** From a folder that holds what `save` wrote and may be gone when the model is used. */
  load(folder: string): Promise<M>;
  metadata?(model: M): ModelMetadata;
}

/** Anything that can be fitted: takes examples and answers, and gives a model that predicts. */
export interface Trainable<X, Y> {
  train(x: readonly X[], y: readonly Y[], signal?: AbortSignal): Promise<TrainedModel<X, Y>>;
}

export interface TrainedModel<X, Y> {
  predict(x: readonly X[]): readonly Y[] | Promise<readonly Y[]>;
  /** Measured while training. */
  readonly metrics: Readonly<Record<string, number>>;
}

export interface JsonCodecOptions<M> {
  /** "json" unless told. */
  readonly name?: string | undefined;
  readonly metadata?: ((model: M) => ModelMetadata) | undefined;
}

/**
 * A model that is plain data, in `model.json`, or in the only file there is, whatever made it. Numbers come back exactly as they were. What does not fit the schema is refused when saved
 * (VALIDATION_FAILED), and when loaded (ARTIFACT_CORRUPTED). The schema must not transform.
 */
export function jsonCodec<M>(schema: z.ZodType<M>, options: JsonCodecOptions<M> = {}): ModelCodec<M> {
  const { name = "json", metadata } = options;
  const file = "model.json";
  const parse = (value: unknown, code: "VALIDATION_FAILED" | "ARTIFACT_CORRUPTED", where: string): M => {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    throw new StratigraphError(code, `the model does not fit the schema: ${z.prettifyError(result.error)}`, { where });
  };
  return {
    name,
    async save(model, folder, signal) {
      parse(model, "VALIDATION_FAILED", `codec '${name}'`);
      const text = JSON.stringify(model);
      // JSON turns what it cannot say into null, or leaves it out, without a word.
      if (text === undefined) throw notPlain(name, model);
      const back: unknown = JSON.parse(text);
      const result = schema.safeParse(back);
      if (!result.success) throw notPlain(name, model, result.error);
      await writeFile(join(folder, file), text, signal === undefined ? {} : { signal });
    },
    async load(folder) {
      const path = await findIn(folder, file);
      const text = await readIt(path, name);
      let value: unknown;
      try {
        value = JSON.parse(text.toString("utf8"));
      } catch (cause) {
        throw new StratigraphError("ARTIFACT_CORRUPTED", "the model is not JSON", { where: path, cause });
      }
      return parse(value, "ARTIFACT_CORRUPTED", path);
    },
    ...(metadata === undefined ? {} : { metadata }),
  };
}

/** A model that is bytes already: an ONNX file, say, as some other program wrote it. `file`: its name, "model.bin" unless told. */
export function fileCodec(file: string = "model.bin"): ModelCodec<Uint8Array> {
  if (file === "" || file !== basename(file) || file === "." || file === "..") {
    throw new StratigraphError("VALIDATION_FAILED", "this is not a file's name", {
      where: "fileCodec",
      received: showValue(file),
    });
  }
  return {
    name: "file",
    async save(model, folder, signal) {
      await writeFile(join(folder, file), model, signal === undefined ? {} : { signal });
    },
    load: async (folder) => readIt(await findIn(folder, file), "file"),
  };
}

/** The folder that a codec loads from: also for a version that was registered as one file, which lies in a folder of its own. */
export function codecFolder({ path, isFolder }: Pick<ArtifactHandle, "path" | "isFolder">): string {
  return isFolder ? path : dirname(path);
}

/** The file a codec saves as; or the only one there, if it is of that kind, where the version was made of one file or partition. */
async function findIn(folder: string, file: string): Promise<string> {
  const names = await readdir(folder).catch(() => []);
  const [only = file] = names;
  return join(folder, names.length === 1 && extname(only) === extname(file) ? only : file);
}

async function readIt(path: string, codec: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (errnoOf(cause) !== "ENOENT") throw storageError(cause, path, 0);
    throw new StratigraphError("ARTIFACT_NOT_FOUND", `the version has no file that codec '${codec}' reads`, {
      where: path,
      hint: "Load it with the codec that saved it.",
    });
  }
}

function notPlain(codec: string, model: unknown, cause?: unknown): StratigraphError {
  return new StratigraphError("VALIDATION_FAILED", "the model holds a value that JSON would lose", {
    where: `codec '${codec}'`,
    received: showValue(model),
    hint: "Save NaN, dates, maps and typed arrays in a codec of your own, or turn them into plain data first.",
    cause,
  });
}
