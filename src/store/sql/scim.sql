-- Accounts and groups that an identity provider keeps (scim/).

-- name: scim_user_get
SELECT state, profile FROM scim_user WHERE staff = $1;

-- name: scim_user_put
INSERT INTO scim_user (staff, state, profile) VALUES ($1, $2, $3)
ON CONFLICT (staff) DO UPDATE SET state = $2, profile = $3;

-- name: scim_group_of_id
SELECT no, id, display, external_id, created_at, changed_at, version FROM scim_group WHERE id = $1;

-- name: scim_group_of_name
SELECT no FROM scim_group WHERE name = $1;

-- name: scim_group_after
SELECT no, id, display, external_id, created_at, changed_at, version FROM scim_group
WHERE no > $1 ORDER BY no LIMIT $2;

-- name: scim_group_count
SELECT COUNT(*) FROM scim_group;

-- name: scim_group_last
SELECT COALESCE(MAX(no), 0) FROM scim_group;

-- name: scim_group_put
INSERT INTO scim_group (no, id, name, display, external_id, created_at, changed_at, version)
VALUES ($1, $2, $3, $4, $5, $6, $6, 1);

-- name: scim_group_change
UPDATE scim_group SET name = $1, display = $2, external_id = $3, changed_at = $4, version = version + 1 WHERE no = $5;

-- name: scim_group_touch
UPDATE scim_group SET changed_at = $1, version = version + 1 WHERE no = $2;

-- name: scim_group_touch_of
UPDATE scim_group SET changed_at = $1, version = version + 1
WHERE no IN (SELECT grp FROM scim_member WHERE staff = $2);

-- name: scim_group_drop
DELETE FROM scim_group WHERE no = $1;

-- name: scim_members
SELECT m.staff, s.id FROM scim_member m JOIN staff s ON s.no = m.staff WHERE m.grp = $1 ORDER BY m.staff;

-- name: scim_groups_of
SELECT g.no, g.id, g.display, g.external_id, g.created_at, g.changed_at, g.version
FROM scim_member m JOIN scim_group g ON g.no = m.grp WHERE m.staff = $1 ORDER BY g.no;

-- name: scim_member_put
INSERT INTO scim_member (grp, staff) VALUES ($1, $2);

-- name: scim_member_drop
DELETE FROM scim_member WHERE grp = $1 AND staff = $2;

-- name: scim_member_drop_of
DELETE FROM scim_member WHERE staff = $1;

-- name: scim_roles
SELECT role, purposes FROM scim_role WHERE grp = $1 ORDER BY role;

-- name: scim_roles_of
SELECT r.role, r.purposes FROM scim_member m JOIN scim_role r ON r.grp = m.grp WHERE m.staff = $1 ORDER BY r.role;

-- name: scim_role_put
INSERT INTO scim_role (grp, role, purposes) VALUES ($1, $2, $3);

-- name: scim_role_drop_of
DELETE FROM scim_role WHERE grp = $1;

-- name: scim_role_drop_role
DELETE FROM scim_role WHERE role = $1;
