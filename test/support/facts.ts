// A host for tests: a fact base of its own, one kind of change, and everything that happened to it.

import { z } from "zod";
import type { Connection } from "../../src/backend/backend.ts";
import { memory } from "../../src/backend/memory/memory-backend.ts";
import type { Applier } from "../../src/changes/applier.ts";
import {
  createHost,
  type ChangeRequest,
  type Decision,
  type DecisionContext,
  type Host,
  type HostOptions,
} from "../../src/changes/host.ts";
import { print } from "../../src/testing/samples.ts";
import { Folder } from "./folder.ts";

const note = z.object({ name: z.string(), value: z.number() });
export type Note = z.infer<typeof note>;

/** Keeps a number under a name, as a graph's description: the simplest rows there are. */
export const noteApplier: Applier<Note, { readonly name: string; readonly times: number }> = {
  action: "note.keep",
  schema: note,
  async apply(tx, { name, value }) {
    const before = (await tx.readGraph("notes", print(name)))?.description as { times: number } | undefined;
    const times = (before?.times ?? 0) + 1;
    await tx.writeGraph({ name: "notes", fingerprint: print(name), description: { value, times } });
    return {
      result: { name, times },
      events: [{ type: "note.kept", subject: `note:${name}`, data: { name, value } }],
      audit: [{ resource: `note:${name}`, data: { value } }],
    };
  },
};

type NoteRequest = ChangeRequest<Note, Note, { readonly name: string; readonly times: number }>;

export function noteRequest(input: unknown, changes: Partial<NoteRequest> = {}): NoteRequest {
  return {
    action: "note.keep",
    resource: ({ name }) => `note:${name}`,
    schema: note,
    input,
    decide: async (
      data: Note,
      _context: DecisionContext,
    ): Promise<Decision<Note, { name: string; times: number }>> => ({
      data,
      result: { name: data.name, times: -1 },
    }),
    applier: noteApplier,
    journal: "registry",
    ...changes,
  };
}

/** What is kept under a name, with how often it was written. */
export async function readNote(connection: Connection, name: string): Promise<unknown> {
  return (await connection.readGraph("notes", print(name)))?.description;
}

/** Types of all stored events, oldest first. */
export async function storedTypes(host: Pick<Host, "bus">): Promise<readonly string[]> {
  return (await host.bus.history({ limit: 10_000 })).map(({ type }) => type as string).reverse();
}

export interface FactSpace extends AsyncDisposable {
  readonly connection: Connection;
  readonly host: Host;
  readonly warnings: readonly string[];
  readonly folder: Folder;
}

/** A host on a memory backend, or on the connection given; its journal is in a folder of its own. */
export async function openFacts(options: Partial<HostOptions> = {}): Promise<FactSpace> {
  const folder = new Folder();
  const connection = options.connection ?? (await memory().connect());
  const warnings: string[] = [];
  const host = createHost({
    actor: "ana",
    warn: (sentence) => void warnings.push(sentence),
    ...options,
    connection,
    writer: options.writer === false ? false : { home: folder.at("home"), ...options.writer },
  });
  return {
    connection,
    host,
    warnings,
    folder,
    async [Symbol.asyncDispose]() {
      await host.close({ timeoutMs: 100 });
      await connection.close();
      folder[Symbol.dispose]();
    },
  };
}
