-- What a restore does with the rows of a backup (vault/replay.h, backup/restore.h).

-- Who may be meant by a fact.
-- name: restore_subject_ids
SELECT no, id FROM subject WHERE no > $1 AND state = 1 ORDER BY no LIMIT $2;

-- name: restore_import_ids
SELECT no, id FROM import WHERE no > $1 ORDER BY no LIMIT $2;

-- From now on no more of its rows are taken.
-- name: restore_import_undone
UPDATE import SET state = 3 WHERE no = $1;
