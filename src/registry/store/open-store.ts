// A store from what a configuration says: a path or a URL.

import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { StratigraphError } from "../../errors.ts";
import { showValue } from "../../util/show.ts";
import type { Clock } from "../../util/clock.ts";
import type { ArtifactStore } from "../artifact-store.ts";
import { localStore } from "./local-store.ts";
import { memoryStore } from "./memory-store.ts";

export interface OpenStoreOptions {
  /** What relative paths start from; the working directory unless told. */
  readonly root?: string | undefined;
  readonly clock?: Clock | undefined;
}

type Opener = (url: string, options: OpenStoreOptions) => ArtifactStore;

const openers: Readonly<Record<string, Opener>> = {
  file: (url, { root = ".", ...options }) => localStore(resolve(root, fileOf(url)), options),
  memory: (_url, options) => memoryStore(options),
};

/** Where bytes of models are unless told, beside the database in the state folder. */
export function registryFolder(home: string): string {
  return join(home, "registry");
}

/** The schemes that `openArtifactStore` knows. */
export const artifactStoreSchemes: readonly string[] = Object.keys(openers);

/**
 * `memory:`, a `file:` URL, or a path. Nothing is made or opened yet.
 * Throws CONFIG_INVALID for a scheme nobody knows, naming those that are known.
 */
export function openArtifactStore(place: string | URL, options: OpenStoreOptions = {}): ArtifactStore {
  const text = String(place);
  const scheme = schemeOfStore(text);
  if (scheme === undefined && text !== "") return localStore(resolve(options.root ?? ".", text), options);
  const opener = Object.hasOwn(openers, scheme ?? "") ? openers[scheme as string] : undefined;
  if (opener !== undefined) return opener(text, options);
  throw new StratigraphError("CONFIG_INVALID", "there is no artifact store of this kind", {
    where: "artifact store",
    expected: `a path, or a URL that begins with ${artifactStoreSchemes.map((one) => `'${one}:'`).join(" or ")}`,
    received: showValue(text),
  });
}

/** In lower case; `undefined` for a path. One letter before the colon is a drive. */
export function schemeOfStore(text: string): string | undefined {
  return /^([A-Za-z][A-Za-z0-9+.-]+):/.exec(text)?.[1]?.toLowerCase();
}

function fileOf(url: string): string {
  try {
    // `file:models` is no URL of a file in the strict sense, and what people write.
    return /^file:\/\//i.test(url) ? fileURLToPath(url) : decodeURIComponent(url.slice("file:".length));
  } catch (cause) {
    throw new StratigraphError("CONFIG_INVALID", "this URL names no file of this machine", {
      where: "artifact store",
      received: showValue(url),
      cause,
    });
  }
}
