-- +goose Up
-- What was revoked before there were sequences comes after everything that has one, or nobody would read it.
UPDATE turns SET turn = turn WHERE name = 'revocations';
UPDATE revocations SET seq = numbered.place
FROM (
	SELECT kind, id, ROW_NUMBER() OVER (ORDER BY kind, id) + (SELECT turn FROM turns WHERE name = 'revocations') AS place
	FROM revocations WHERE seq = 0
) AS numbered
WHERE revocations.kind = numbered.kind AND revocations.id = numbered.id;
UPDATE turns SET turn = (SELECT MAX(seq) FROM revocations)
WHERE name = 'revocations' AND turn < (SELECT MAX(seq) FROM revocations);

-- +goose Down
SELECT 1;
