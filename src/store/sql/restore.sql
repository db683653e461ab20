-- What a restore does with the rows of a backup (vault/replay.h, backup/restore.h).

-- Who may be meant by a fact.
-- name: restore_subject_ids
SELECT no, id FROM subject WHERE no > $1 AND state = 1 ORDER BY no LIMIT $2;

-- name: restore_import_ids
SELECT no, id FROM import WHERE no > $1 ORDER BY no LIMIT $2;

-- name: restore_staff_ids
SELECT no, id FROM staff WHERE no > $1 ORDER BY no LIMIT $2;

-- From now on no more of its rows are taken.
-- name: restore_import_undone
UPDATE import SET state = 3 WHERE no = $1;

-- What was given to staff for a while is not good again.
-- name: restored_session
DELETE FROM session;

-- name: restored_approval
UPDATE approval SET state = 5, decided_at = COALESCE(decided_at, $1) WHERE state IN (1, 2);

-- name: restored_bulk
UPDATE bulk SET state = 6, link = NULL, ended_at = $1 WHERE state IN (1, 2, 3);

-- name: restored_break_glass
UPDATE break_glass SET until_at = $1 WHERE until_at > $1;
