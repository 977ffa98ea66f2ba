// Graphs as descriptions, in memory.

import type { Fingerprint } from "../../identity/fingerprint.ts";
import { decodeJson, encodeJson } from "../json-text.ts";
import { closePage, openPage, type Listing } from "../page.ts";
import type { GraphRecord, Page, PageRequest } from "../records.ts";
import type { MemoryState } from "./state.ts";

export function readGraph(state: MemoryState, name: string, fingerprint: Fingerprint): GraphRecord | undefined {
  const text = state.graphs.get(name)?.get(fingerprint);
  return text === undefined ? undefined : { name, fingerprint, description: decodeJson(text, "graph description") };
}

export function writeGraph(state: MemoryState, { name, fingerprint, description }: GraphRecord): void {
  const text = encodeJson(description, "graph description");
  const versions = state.within(state.graphs, name, () => new Map<Fingerprint, string>());
  if (versions.get(fingerprint) !== text) state.set(versions, fingerprint, text);
}

export function listGraphs(state: MemoryState, request?: PageRequest): Page<string> {
  const listing: Listing = ["listGraphs"];
  const page = openPage(listing, request);
  const names = state.graphs.keysAfter(page.after?.[0] as string | undefined, page.limit + 1);
  return closePage(
    listing,
    page,
    names,
    (name) => [name],
    (name) => name,
  );
}
