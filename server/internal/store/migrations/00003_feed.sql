-- +goose Up
-- An entry's seq is taken from the turn named revocations in the transaction that stores the entry, so the
-- order of seq is the order in which entries become visible.
DROP INDEX revocations_stored;
ALTER TABLE revocations DROP COLUMN stored_at;
ALTER TABLE revocations ADD COLUMN seq BIGINT NOT NULL DEFAULT 0;
CREATE INDEX revocations_seq ON revocations (seq);

-- A session's place in the status lists; 0 for none.
ALTER TABLE sessions ADD COLUMN status_index BIGINT NOT NULL DEFAULT 0;

-- The places whose access tokens are refused until they have expired.
CREATE TABLE status_marks (
	status_index BIGINT NOT NULL PRIMARY KEY,
	expires_at   BIGINT NOT NULL
);
CREATE INDEX status_marks_expiry ON status_marks (expires_at);

INSERT INTO turns (name, turn) VALUES ('revocations', 0);
INSERT INTO turns (name, turn) VALUES ('status_index', 0);

-- What tells the history of this database from that of any other.
CREATE TABLE epochs (
	name  TEXT NOT NULL PRIMARY KEY,
	epoch TEXT NOT NULL
);

-- +goose Down
DROP TABLE epochs;
DELETE FROM turns WHERE name = 'revocations';
DELETE FROM turns WHERE name = 'status_index';
DROP TABLE status_marks;
ALTER TABLE sessions DROP COLUMN status_index;
DROP INDEX revocations_seq;
ALTER TABLE revocations DROP COLUMN seq;
ALTER TABLE revocations ADD COLUMN stored_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX revocations_stored ON revocations (stored_at);
