// Migration 2: models and what was decided about them, tasks, lineage both ways, events, the audit log, submissions.

import type { Migration } from "../../sql/migrate.ts";

export const facts: Migration = {
  version: 2,
  title: "models, versions, tasks, lineage both ways, events, audit, submissions",
  text: `
CREATE TABLE model (
  id INTEGER PRIMARY KEY,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  revision INTEGER NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (namespace, name)
) STRICT;

-- What a version is searched by is a column; everything else is in the body, last, so that searching never touches it.
-- A deleted version keeps its row: its numbers are never given again.
CREATE TABLE model_version (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  model INTEGER NOT NULL REFERENCES model,
  version TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  stage TEXT NOT NULL CHECK (stage IN ('development', 'staging', 'production', 'archived')),
  staged_at INTEGER NOT NULL,
  deleted INTEGER NOT NULL CHECK (deleted IN (0, 1)),
  framework TEXT,
  run TEXT,
  content BLOB,
  partition INTEGER,
  revision INTEGER NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (model, version),
  UNIQUE (model, sequence)
) STRICT;

-- The rule itself, not only a help to keep it: a second version in production cannot be written, by whatever program.
CREATE UNIQUE INDEX version_in_production ON model_version (model) WHERE stage = 'production' AND deleted = 0;

CREATE INDEX version_by_model_stage ON model_version (model, stage, staged_at) WHERE deleted = 0;
CREATE INDEX version_by_stage ON model_version (stage, id) WHERE deleted = 0;
CREATE INDEX version_by_framework ON model_version (framework, id) WHERE framework IS NOT NULL;
CREATE INDEX version_by_run ON model_version (run, id) WHERE run IS NOT NULL;
CREATE INDEX version_by_content ON model_version (content, id) WHERE content IS NOT NULL;
-- Pins: what gc must keep.
CREATE INDEX version_by_partition ON model_version (partition) WHERE partition IS NOT NULL AND deleted = 0;

-- Metrics (place 0), params (1), labels (2) and metadata (3) as rows: a number in JSON text is read by SQLite's rules, which are not exactly
-- JavaScript's, and has no index. kind 0: neither number (1), text (2) nor boolean (3).
CREATE TABLE version_value (
  version INTEGER NOT NULL REFERENCES model_version,
  place INTEGER NOT NULL,
  key TEXT NOT NULL,
  kind INTEGER NOT NULL,
  value ANY,
  PRIMARY KEY (version, place, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX version_by_value ON version_value (place, key, kind, value);

-- Append-only.
CREATE TABLE transition (
  number INTEGER PRIMARY KEY,
  model INTEGER NOT NULL REFERENCES model,
  version TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  kind TEXT NOT NULL,
  from_stage TEXT,
  to_stage TEXT,
  changed_at TEXT NOT NULL,
  changed_by TEXT NOT NULL,
  why TEXT,
  forced INTEGER NOT NULL,
  gates TEXT,
  correlation TEXT NOT NULL
) STRICT;

CREATE INDEX transition_by_model ON transition (model, number);
CREATE INDEX transition_by_version ON transition (model, version, number);

CREATE TABLE alias (
  model INTEGER NOT NULL REFERENCES model,
  alias TEXT NOT NULL,
  version INTEGER NOT NULL REFERENCES model_version,
  changed_at TEXT NOT NULL,
  changed_by TEXT NOT NULL,
  why TEXT,
  PRIMARY KEY (model, alias)
) STRICT, WITHOUT ROWID;

-- Append-only.
CREATE TABLE alias_change (
  number INTEGER PRIMARY KEY,
  model INTEGER NOT NULL REFERENCES model,
  alias TEXT NOT NULL,
  version TEXT,
  previous TEXT,
  changed_at TEXT NOT NULL,
  changed_by TEXT NOT NULL,
  why TEXT
) STRICT;

CREATE INDEX alias_change_by_alias ON alias_change (model, alias, number);

-- Append-only.
CREATE TABLE annotation (
  number INTEGER PRIMARY KEY,
  model INTEGER NOT NULL REFERENCES model,
  version TEXT,
  author TEXT NOT NULL,
  text TEXT NOT NULL,
  written_at TEXT NOT NULL
) STRICT;

CREATE INDEX annotation_by_model ON annotation (model, number);
CREATE INDEX annotation_by_version ON annotation (model, version, number);

CREATE TABLE event (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  type TEXT NOT NULL,
  at TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  actor TEXT NOT NULL,
  subject TEXT NOT NULL,
  run TEXT,
  correlation TEXT NOT NULL,
  data TEXT NOT NULL
) STRICT;

CREATE INDEX event_by_type ON event (type, number);
CREATE INDEX event_by_subject ON event (subject, number);
CREATE INDEX event_by_run ON event (run, number) WHERE run IS NOT NULL;
CREATE INDEX event_by_time ON event (at_ms);

CREATE TABLE audit (
  number INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  resource TEXT NOT NULL,
  status TEXT NOT NULL,
  why TEXT,
  correlation TEXT NOT NULL,
  data TEXT NOT NULL,
  previous BLOB NOT NULL CHECK (length(previous) = 32),
  hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE INDEX audit_by_resource ON audit (resource, number);
CREATE INDEX audit_by_actor ON audit (actor, number);
CREATE INDEX audit_by_action ON audit (action, number);
CREATE INDEX audit_by_status ON audit (status, number) WHERE status <> 'done';

CREATE TRIGGER audit_keeps_rows BEFORE DELETE ON audit
BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TRIGGER audit_keeps_values BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;

-- REPLACE would take the old row away without asking the first trigger.
CREATE TRIGGER audit_grows_at_its_end BEFORE INSERT ON audit
WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM audit)
BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TABLE submission (
  key TEXT PRIMARY KEY,
  taken_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX submission_by_time ON submission (taken_at);

ALTER TABLE run ADD COLUMN started_ms INTEGER;
-- Of tasks alone:
ALTER TABLE run ADD COLUMN ended_ms INTEGER;
ALTER TABLE run ADD COLUMN namespace TEXT;
ALTER TABLE run ADD COLUMN name TEXT;
ALTER TABLE run ADD COLUMN engine TEXT;
ALTER TABLE run ADD COLUMN task TEXT;

UPDATE run SET started_ms = CAST(round((julianday(started_at) - 2440587.5) * 86400000) AS INTEGER);

CREATE INDEX task_by_age ON run (sequence) WHERE kind = 'task';
CREATE INDEX task_by_namespace ON run (namespace, sequence) WHERE namespace IS NOT NULL;
CREATE INDEX task_by_name ON run (name, sequence) WHERE name IS NOT NULL;
CREATE INDEX task_by_engine ON run (engine, sequence) WHERE engine IS NOT NULL;
-- Builds and tasks, among many more steps.
CREATE INDEX run_by_age ON run (sequence) WHERE kind <> 'step';
CREATE INDEX task_by_end ON run (ended_ms) WHERE ended_ms IS NOT NULL;

-- The contents that a task told it read or wrote.
CREATE TABLE task_content (
  run INTEGER NOT NULL REFERENCES run,
  content TEXT NOT NULL,
  PRIMARY KEY (run, content)
) STRICT, WITHOUT ROWID;

CREATE INDEX task_by_content ON task_content (content);

-- Lineage is walked both ways: who read this partition, who wrote it. What is written is mostly new, so its half grows at its end.
CREATE INDEX run_by_partition ON run_partition (direction, partition);

-- No index of partitions by content: contents are random, so it made writing 100,000 partitions cost 3.9 s instead of 2.4, and looking
-- for one through partition_by_identity, which holds them all, takes 10 ms.
`,
};
