// Reads a database as a user who may not write it, and says what came of it as one line of JSON.

import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import { sqlite } from "../../../src/backend/sqlite/index.ts";
import { isStratigraphError } from "../../../src/errors.ts";

const path = process.argv[2]!;

async function attempt(readOnly: boolean): Promise<unknown> {
  try {
    await using connection = await sqlite(path, { busyTimeout: 500 }).connect({ readOnly });
    const { items } = await connection.listSnapshots(undefined);
    return items.length;
  } catch (error) {
    return isStratigraphError(error) ? `${error.code}: ${error.message}` : String(error);
  }
}

const before = readdirSync(dirname(path)).sort();
const [reading, writing] = [await attempt(true), await attempt(false)];
const after = readdirSync(dirname(path)).sort();
process.stdout.write(`${JSON.stringify({ reading, writing, before, after })}\n`);
