-- Imports: their progress, what they did to whom, their problems, and their undoing.

-- name: import_add
INSERT INTO import (no, id, state, settings, progress, at_byte, actor_kind, actor, created_at)
VALUES ((SELECT COALESCE(MAX(no), 0) + 1 FROM import), $1, 1, $2, $3, 0, $4, $5, $6)
RETURNING no;

-- name: import_get
SELECT no, id, state, settings, progress, at_byte, created_at, finished_at FROM import WHERE id = $1;

-- Newest first.
-- name: import_list
SELECT no, id, state, settings, progress, at_byte, created_at, finished_at FROM import
WHERE no < $1 ORDER BY no DESC LIMIT $2;

-- Only from where this progress began: of two who send the same piece at once, one writes it.
-- name: import_progress
UPDATE import SET progress = $1, at_byte = $2 WHERE no = $3 AND at_byte = $4 AND state = 1;

-- name: import_finish
UPDATE import SET state = 2, finished_at = $1 WHERE no = $2 AND state = 1;

-- name: import_undone
UPDATE import SET state = 3, progress = $1 WHERE no = $2;

-- name: import_problem_add
INSERT INTO import_problem (import, seq, line, reason, field) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (import, seq) DO NOTHING;

-- name: import_problem_list
SELECT seq, line, reason, field FROM import_problem WHERE import = $1 AND seq > $2 ORDER BY seq LIMIT $3;

-- Those on the list of an import to be asked first, who are still there.
-- name: import_ask_list
SELECT made.subject, subject.id, subject.standing
FROM import_subject AS made JOIN subject ON subject.no = made.subject
WHERE made.import = $1 AND made.ask = 1 AND made.subject > $2 AND subject.state = 1
ORDER BY made.subject LIMIT $3;

-- What an import added to somebody who was there already; see import_added.
-- name: import_added_put
INSERT INTO import_added (subject, import, kind, object, detail) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (subject, import, kind, object, detail) DO NOTHING;

-- name: import_added_list
SELECT kind, object, detail FROM import_added WHERE subject = $1 AND import = $2
ORDER BY kind, object, detail;

-- name: import_added_drop
DELETE FROM import_added WHERE subject = $1 AND import = $2;

-- Whom an import brought in or changed, with the version as it left it and as it is now.
-- name: import_made_list
SELECT made.subject, made.made, made.version, subject.version, subject.state
FROM import_subject AS made JOIN subject ON subject.no = made.subject
WHERE made.import = $1 ORDER BY made.subject LIMIT $2;

-- name: import_made_count
SELECT COUNT(*) FROM import_subject WHERE import = $1;

-- name: import_made_sums
SELECT COUNT(*), COALESCE(SUM(ask), 0) FROM import_subject WHERE import = $1 AND made = 1;

-- name: import_made_drop
DELETE FROM import_subject WHERE subject = $1 AND import = $2;

-- Take back a person whom nobody has touched since, and of whom nobody was told: the row stays as erased,
-- without anything in it.
-- name: import_bury
UPDATE subject SET state = 2, flags = 0, version = version + 1, tell_by_at = NULL, told_at = NULL,
                   due_at = NULL, email_tag = NULL, phone_tag = NULL, post_tag = NULL,
                   standing = $1, record = $2
WHERE no = $3 AND version = $4 AND state = 1
  AND NOT EXISTS (SELECT 1 FROM disclosure WHERE disclosure.subject = subject.no)
  AND NOT EXISTS (SELECT 1 FROM request WHERE request.subject = subject.no);

-- name: import_made_get
SELECT made, version, ask FROM import_subject WHERE subject = $1 AND import = $2;

-- Somebody else has changed the person between two rows of one import: not its own to undo any more.
-- name: import_made_touched
UPDATE import_subject SET made = 3 WHERE subject = $1 AND import = $2;

-- Which imports a person was in, for the person's own package.
-- name: import_of_subject
SELECT import.no, import.id, import.created_at, made.made, made.ask
FROM import_subject AS made JOIN import ON import.no = made.import
WHERE made.subject = $1 ORDER BY made.import;
