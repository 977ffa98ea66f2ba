// Migration 1: everything the first release keeps.

import type { Migration } from "../../sql/migrate.ts";

export const first: Migration = {
  version: 1,
  title: "graphs, snapshots, tags, partitions, manifests, leases, runs",
  text: `
CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One rising number orders everything that has an order: clocks jump, and two things may happen in one millisecond.
CREATE TABLE counter (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO counter (name, value) VALUES ('sequence', 0);

CREATE TABLE graph (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE graph_description (
  graph INTEGER NOT NULL REFERENCES graph,
  fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 16),
  description TEXT NOT NULL,
  UNIQUE (graph, fingerprint)
) STRICT;

CREATE TABLE artifact (
  id INTEGER PRIMARY KEY,
  fingerprint BLOB NOT NULL UNIQUE CHECK (length(fingerprint) = 16)
) STRICT;

-- What a graph calls its artifacts.
CREATE TABLE node (
  id INTEGER PRIMARY KEY,
  graph INTEGER NOT NULL REFERENCES graph,
  key TEXT NOT NULL,
  UNIQUE (graph, key)
) STRICT;

CREATE TABLE snapshot (
  id INTEGER PRIMARY KEY,
  fingerprint BLOB NOT NULL UNIQUE CHECK (length(fingerprint) = 16),
  graph INTEGER NOT NULL REFERENCES graph,
  graph_fingerprint BLOB NOT NULL CHECK (length(graph_fingerprint) = 16),
  state TEXT NOT NULL,
  created_at TEXT NOT NULL,
  sequence INTEGER NOT NULL UNIQUE
) STRICT;

CREATE INDEX snapshot_by_graph ON snapshot (graph, sequence);

CREATE TABLE tag (
  graph INTEGER NOT NULL REFERENCES graph,
  tag TEXT NOT NULL,
  snapshot INTEGER NOT NULL REFERENCES snapshot,
  sequence INTEGER NOT NULL,
  changed_at TEXT NOT NULL,
  changed_by TEXT NOT NULL,
  why TEXT,
  PRIMARY KEY (graph, tag)
) STRICT, WITHOUT ROWID;

CREATE INDEX tag_by_snapshot ON tag (snapshot);

-- Append-only. Names snapshots by fingerprint: it outlives them.
CREATE TABLE tag_change (
  sequence INTEGER PRIMARY KEY,
  graph INTEGER NOT NULL REFERENCES graph,
  tag TEXT NOT NULL,
  snapshot BLOB,
  previous BLOB,
  changed_at TEXT NOT NULL,
  changed_by TEXT NOT NULL,
  why TEXT
) STRICT;

CREATE INDEX tag_change_by_tag ON tag_change (graph, tag, sequence);

-- The value is last, so that reading anything else of a row never touches the pages it overflows to.
CREATE TABLE partition (
  id INTEGER PRIMARY KEY,
  artifact INTEGER NOT NULL REFERENCES artifact,
  key TEXT NOT NULL,
  input BLOB NOT NULL CHECK (length(input) IN (0, 16)),
  content BLOB NOT NULL CHECK (length(content) = 16),
  sequence INTEGER NOT NULL,
  damaged INTEGER NOT NULL,
  written_at INTEGER NOT NULL,
  size INTEGER NOT NULL,
  digest BLOB,
  storage TEXT NOT NULL,
  location TEXT NOT NULL,
  run TEXT,
  value BLOB
) STRICT;

-- Keys are written mostly in order, so this index grows at its end; one that begins with a random fingerprint costs four times as much.
CREATE UNIQUE INDEX partition_by_identity ON partition (artifact, key, input, content);
CREATE INDEX partition_by_location ON partition (location, storage);

-- One key of one node, and the partition that was linked there last, in whichever snapshot.
CREATE TABLE place (
  id INTEGER PRIMARY KEY,
  node INTEGER NOT NULL REFERENCES node,
  key TEXT NOT NULL,
  latest INTEGER NOT NULL,
  UNIQUE (node, key)
) STRICT;

-- Every snapshot has a row for every partition, hence three small numbers and nothing else. No index by partition, and so no foreign
-- key either (removing a partition would scan this table each time): such an index is written all over for every snapshot, which made
-- linking 10,000 partitions cost 30 ms instead of 6. Writers check that the partition exists; only gc asks the other way round.
CREATE TABLE link (
  snapshot INTEGER NOT NULL REFERENCES snapshot ON DELETE CASCADE,
  node INTEGER NOT NULL,
  place INTEGER NOT NULL,
  partition INTEGER NOT NULL,
  PRIMARY KEY (snapshot, node, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE manifest (
  fingerprint BLOB NOT NULL UNIQUE CHECK (length(fingerprint) = 16),
  text TEXT NOT NULL
) STRICT;

CREATE TABLE lease (
  name TEXT PRIMARY KEY,
  token INTEGER NOT NULL,
  holder TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
  sequence INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  parent TEXT,
  kind TEXT NOT NULL,
  graph INTEGER NOT NULL REFERENCES graph,
  snapshot BLOB,
  producer TEXT,
  version TEXT,
  key TEXT,
  input BLOB,
  state TEXT NOT NULL,
  reason TEXT,
  started_at TEXT NOT NULL,
  finished_at TEXT,
  attempts INTEGER NOT NULL,
  duration REAL,
  error TEXT,
  holder TEXT NOT NULL
) STRICT;

CREATE INDEX run_by_parent ON run (parent, sequence) WHERE parent IS NOT NULL;
CREATE INDEX run_by_input ON run (input, sequence) WHERE input IS NOT NULL;
CREATE INDEX build_by_graph ON run (graph, sequence) WHERE kind = 'build';
CREATE INDEX build_by_snapshot ON run (snapshot, sequence) WHERE kind = 'build';
CREATE INDEX run_running ON run (graph, sequence) WHERE state = 'running';

-- What a run read (direction 0) and wrote (1). No index by partition, for the reason given at link.
CREATE TABLE run_partition (
  run INTEGER NOT NULL REFERENCES run,
  direction INTEGER NOT NULL,
  name TEXT NOT NULL,
  partition INTEGER NOT NULL,
  PRIMARY KEY (run, direction, name, partition)
) STRICT, WITHOUT ROWID;
`,
};
