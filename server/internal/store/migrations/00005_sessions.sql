-- +goose Up
ALTER TABLE sessions ADD COLUMN device TEXT NOT NULL DEFAULT '';
DROP INDEX sessions_user;
CREATE INDEX sessions_user ON sessions (user_id, created_at, id);
CREATE INDEX sessions_created ON sessions (created_at, id);

-- +goose Down
DROP INDEX sessions_created;
DROP INDEX sessions_user;
CREATE INDEX sessions_user ON sessions (user_id);
ALTER TABLE sessions DROP COLUMN device;
