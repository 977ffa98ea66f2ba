// All migrations of an SQLite database, in order.

import type { Migration } from "../../sql/migrate.ts";
import { first } from "./0001-first.ts";
import { facts } from "./0002-facts.ts";
import { marks } from "./0003-marks.ts";
import { quality } from "./0004-quality.ts";

export const migrations: readonly Migration[] = [first, facts, marks, quality];
