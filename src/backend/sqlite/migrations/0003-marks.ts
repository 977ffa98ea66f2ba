// Migration 3: pins and taints.

import type { Migration } from "../../sql/migrate.ts";

export const marks: Migration = {
  version: 3,
  title: "pins and taints",
  text: `
-- What people said of stored partitions. Rows are ended, never removed; they outlive the partitions they are about.
CREATE TABLE mark (
  sequence INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('pin', 'taint')),
  graph INTEGER NOT NULL REFERENCES graph,
  artifact_key TEXT NOT NULL,
  key TEXT NOT NULL,
  partition INTEGER NOT NULL,
  run TEXT,
  marked_at TEXT NOT NULL,
  marked_by TEXT NOT NULL,
  why TEXT NOT NULL,
  ended_at TEXT,
  ended_by TEXT,
  ended_why TEXT
) STRICT;

CREATE INDEX mark_by_graph ON mark (graph, kind, sequence);
-- One mark of a kind at a place holds at a time.
CREATE UNIQUE INDEX mark_holding ON mark (graph, kind, artifact_key, key) WHERE ended_at IS NULL;
-- What gc must keep.
CREATE INDEX mark_by_partition ON mark (partition) WHERE kind = 'pin' AND ended_at IS NULL;
`,
};
