// Migration 4: statistics and findings of partitions, and the quarantine.

import type { Migration } from "../../sql/migrate.ts";

export const quality: Migration = {
  version: 4,
  title: "statistics, findings and quarantine",
  text: `
-- What is known of a partition's data; removed with it. JSON: it is shown and compared, never searched.
CREATE TABLE partition_quality (
  partition INTEGER PRIMARY KEY,
  statistics TEXT,
  findings TEXT NOT NULL
) STRICT;

-- Partitions that were made and refused. Rows are ended, never removed; they outlive the partitions they are about.
CREATE TABLE quarantine (
  sequence INTEGER PRIMARY KEY,
  graph INTEGER NOT NULL REFERENCES graph,
  artifact_key TEXT NOT NULL,
  key TEXT NOT NULL,
  partition INTEGER NOT NULL,
  run TEXT,
  made_at TEXT NOT NULL,
  findings TEXT NOT NULL,
  ended_at TEXT
) STRICT;

CREATE INDEX quarantine_by_graph ON quarantine (graph, sequence);
-- What gc must keep.
CREATE INDEX quarantine_by_partition ON quarantine (partition) WHERE ended_at IS NULL;
`,
};
