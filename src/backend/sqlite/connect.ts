// Connections of a SQLite backend: loaded by the first, as a build with nothing to do needs none.

import type { ConnectOptions, Connection } from "../backend.ts";
import { connectionOver } from "../connection.ts";
import { migrations } from "./migrations/list.ts";
import type { Opening } from "./open.ts";
import { openReadingSession, openSession } from "./session.ts";

export async function connect(
  how: Omit<Opening, "migrations">,
  { readOnly = false }: ConnectOptions = {},
): Promise<Connection> {
  const opening: Opening = { ...how, migrations };
  return connectionOver(await (readOnly ? openReadingSession(opening) : openSession(opening)));
}
