-- Who works here, and what they may do (access/).  Words as in 0001-vault.sql.

-- --- staff and their roles ----------------------------------------------------------------------

-- A staff member.  epoch: the one word that everything given to them is held against; it moves on
-- when something is taken away, and what carries an older one is dead.  identity: keyed digest of issuer and
-- subject; user_name: keyed digest of the normalised name; sealed: who it is, under the key `staff`.
-- state: 1 invited, 2 active, 3 ended.  used_at: when a session of theirs was last used, to the minute.
CREATE TABLE staff (
	no          {id},
	id          {bytes} NOT NULL UNIQUE,
	state       {int} NOT NULL,
	epoch       {int} NOT NULL,
	identity    {bytes} NOT NULL UNIQUE,
	user_name   {bytes} NOT NULL UNIQUE,
	sealed      {bytes} NOT NULL,
	created_at  {int} NOT NULL,
	changed_at  {int} NOT NULL,
	ended_at    {int},
	used_at     {int},
	version     {int} NOT NULL
);

-- A role of the company's own; the built-in ones stand in access/role.c.  grants: access/role.h.
CREATE TABLE role (
	no          {id},
	name        TEXT NOT NULL UNIQUE,
	title       TEXT NOT NULL,
	grants      {bytes} NOT NULL,
	version     {int} NOT NULL,
	updated_at  {int} NOT NULL
);

-- Who has which role, for which purposes (as in api_key).  source: 1 given here, 2 by a group of the identity
-- provider (SCIM), 3 by a claim of a sign-in (OIDC).
CREATE TABLE staff_role (
	staff     {int} NOT NULL,
	role      {int} NOT NULL,
	source    {int} NOT NULL,
	purposes  {bytes} NOT NULL,
	since_at  {int} NOT NULL,
	PRIMARY KEY (staff, role, source)
) {clustered};
CREATE INDEX staff_role_role ON staff_role (role);

-- --- sessions and keys --------------------------------------------------------------------------

-- digest: of the token, which is kept nowhere.  epoch: the staff member's when it began.  sid: keyed digest of
-- the identity provider's own name for it.  proved_at: when they last showed who they are.
CREATE TABLE session (
	digest      {bytes} PRIMARY KEY,
	id          {bytes} NOT NULL,
	staff       {int} NOT NULL,
	epoch       {int} NOT NULL,
	method      {int} NOT NULL,
	made_at     {int} NOT NULL,
	proved_at   {int} NOT NULL,
	used_at     {int} NOT NULL,
	expires_at  {int} NOT NULL,
	sid         {bytes}
) {clustered};
CREATE INDEX session_staff ON session (staff);
CREATE INDEX session_sid ON session (sid) WHERE sid IS NOT NULL;
CREATE INDEX session_expires ON session (expires_at);

-- owner: the staff member who answers for it, 0 for the operator's; epoch: theirs when it was made.  program: it is a
-- program's, and may do what it carries; else it is its owner's own, and may never do more than they may.
-- networks: empty for any, else pairs of address (16 octets) and length of the prefix (1).
ALTER TABLE api_key ADD COLUMN owner {int} NOT NULL DEFAULT 0;
ALTER TABLE api_key ADD COLUMN epoch {int} NOT NULL DEFAULT 0;
ALTER TABLE api_key ADD COLUMN program {int} NOT NULL DEFAULT 1;
ALTER TABLE api_key ADD COLUMN networks {bytes};
ALTER TABLE api_key ADD COLUMN used_at {int};
CREATE INDEX api_key_owner ON api_key (owner);

-- Who made a link to a package, and who answers for a webhook; 0 for keys and the operator.
ALTER TABLE package ADD COLUMN staff {int} NOT NULL DEFAULT 0;
ALTER TABLE recipient ADD COLUMN owner {int} NOT NULL DEFAULT 0;

-- --- two people, exceptions, budgets ------------------------------------------------------------

-- Something that takes a second person.  operation: digest of what exactly is to be done; summary: the same
-- for people, without personal data.  asked_kind, asked_by: an actor.  state: 1 waiting, 2 approved, 3 refused, 4 used, 5 cancelled.
CREATE TABLE approval (
	no             {id},
	id             {bytes} NOT NULL UNIQUE,
	act            TEXT NOT NULL,
	operation      {bytes} NOT NULL,
	summary        TEXT NOT NULL,
	state          {int} NOT NULL,
	asked_kind     {int} NOT NULL,
	asked_by       {int} NOT NULL,
	asked_epoch    {int} NOT NULL,
	asked_at       {int} NOT NULL,
	expires_at     {int} NOT NULL,
	decided_by     {int} NOT NULL,
	decided_epoch  {int} NOT NULL,
	decided_at     {int}
);
CREATE INDEX approval_open ON approval (expires_at) WHERE state IN (1, 2);

-- Break-glass: for a short time a staff member sees what their role does not give.  sealed: why, under the key `staff`.
-- verdict: 0 not reviewed, 1 justified, 2 not.
CREATE TABLE break_glass (
	no           {id},
	id           {bytes} NOT NULL UNIQUE,
	staff        {int} NOT NULL,
	epoch        {int} NOT NULL,
	from_at      {int} NOT NULL,
	until_at     {int} NOT NULL,
	sealed       {bytes} NOT NULL,
	verdict      {int} NOT NULL,
	reviewed_by  {int} NOT NULL,
	reviewed_at  {int}
);
CREATE INDEX break_glass_staff ON break_glass (staff);

-- Distinct persons that a staff member looked at in an hour.
CREATE TABLE looked (
	staff    {int} NOT NULL,
	hour     {int} NOT NULL,
	subject  {int} NOT NULL,
	PRIMARY KEY (staff, hour, subject)
) {clustered};
CREATE INDEX looked_hour ON looked (hour);

-- What the data protection officer has to see: kind: access/alert.h.  entry: the audit entry it is about.
CREATE TABLE alert (
	no       {id},
	at       {int} NOT NULL,
	kind     {int} NOT NULL,
	staff    {int} NOT NULL,
	entry    {int} NOT NULL,
	seen_by  {int} NOT NULL,
	seen_at  {int}
);
CREATE INDEX alert_unseen ON alert (no) WHERE seen_at IS NULL;

-- --- the identity provider -----------------------------------------------------------------------

-- At most one row.  definition: access/provider.c; secret: sealed under the key `provider`.
CREATE TABLE provider (
	one         {id},
	definition  {bytes} NOT NULL,
	secret      {bytes} NOT NULL,
	version     {int} NOT NULL,
	changed_at  {int} NOT NULL
);

-- States, tokens and logouts that were there a moment ago, by digest: access/provider.h (P2, P4).
CREATE TABLE provider_seen (
	digest    {bytes} PRIMARY KEY,
	at        {int} NOT NULL,
	until_at  {int} NOT NULL
) {clustered};
CREATE INDEX provider_seen_until ON provider_seen (until_at);

-- --- how staff sign in (access/credential.h, throttle.h, invitation.h) ---------------------------

-- sealed: the Argon2id string, under the key `credential`.  short: good only beside a second factor.
CREATE TABLE password (
	staff    {int} PRIMARY KEY,
	sealed   {bytes} NOT NULL,
	short    {int} NOT NULL,
	made_at  {int} NOT NULL
) {clustered};

-- sealed: the secret of an authenticator app.  confirmed_at: NULL until a code was shown.  last_step: the last
-- one used, so that no code counts twice.
CREATE TABLE totp (
	staff         {int} PRIMARY KEY,
	sealed        {bytes} NOT NULL,
	confirmed_at  {int},
	last_step     {int}
) {clustered};

-- Codes on paper that were not used yet.
CREATE TABLE recovery_code (
	staff   {int} NOT NULL,
	digest  {bytes} NOT NULL,
	PRIMARY KEY (staff, digest)
) {clustered};

-- Browsers in which somebody has signed in; digest: of what their cookie holds.
CREATE TABLE device (
	digest   {bytes} PRIMARY KEY,
	staff    {int} NOT NULL,
	used_at  {int} NOT NULL
) {clustered};
CREATE INDEX device_staff ON device (staff, used_at);

-- The last sign-ins and failures of each, for them to see.  outcome: 0, or the error.
CREATE TABLE sign_in (
	staff    {int} NOT NULL,
	at       {int} NOT NULL,
	method   {int} NOT NULL,
	outcome  {int} NOT NULL,
	PRIMARY KEY (staff, at)
) {clustered};

-- Tries in a row, by lane (access/throttle.h).  digest: keyed, of a name or an address.
CREATE TABLE attempt (
	lane        {int} NOT NULL,
	digest      {bytes} NOT NULL,
	count       {int} NOT NULL,
	counted_at  {int} NOT NULL,
	tried_at    {int} NOT NULL,
	PRIMARY KEY (lane, digest)
) {clustered};
CREATE INDEX attempt_tried ON attempt (tried_at);

-- One-time links: one for each account at most.  epoch: the account's when it was made.
CREATE TABLE invitation (
	staff       {int} PRIMARY KEY,
	digest      {bytes} NOT NULL UNIQUE,
	epoch       {int} NOT NULL,
	made_at     {int} NOT NULL,
	expires_at  {int} NOT NULL
) {clustered};
CREATE INDEX invitation_expires ON invitation (expires_at);

-- --- passkeys (access/passkey.h) ------------------------------------------------------------------

-- digest: keyed, of the id that its authenticator gave it.  sealed: that id, its public key and its name, under the key
-- `credential`.  counter: of signatures, as last seen.
CREATE TABLE passkey (
	id         {bytes} PRIMARY KEY,
	digest     {bytes} NOT NULL UNIQUE,
	staff      {int} NOT NULL,
	sealed     {bytes} NOT NULL,
	counter    {int} NOT NULL,
	backed_up  {int} NOT NULL,
	made_at    {int} NOT NULL,
	used_at    {int}
) {clustered};
CREATE INDEX passkey_staff ON passkey (staff);

-- Challenges that were used, until they would be over anyway.
CREATE TABLE challenge (
	digest    {bytes} PRIMARY KEY,
	until_at  {int} NOT NULL
) {clustered};
CREATE INDEX challenge_until ON challenge (until_at);

-- --- accounts that an identity provider keeps (scim/) --------------------------------------------

-- What the provider says of a staff member beyond what `staff` holds: names and addresses, sealed under the
-- key `staff`.  state: 1 there, 2 deleted by the provider.
CREATE TABLE scim_user (
	staff    {id},
	state    {int} NOT NULL,
	profile  {bytes}
);

-- A group of the provider.  name: display, folded.
CREATE TABLE scim_group (
	no           {id},
	id           {bytes} NOT NULL UNIQUE,
	name         TEXT NOT NULL UNIQUE,
	display      TEXT NOT NULL,
	external_id  TEXT NOT NULL,
	created_at   {int} NOT NULL,
	changed_at   {int} NOT NULL,
	version      {int} NOT NULL
);

CREATE TABLE scim_member (
	grp    {int} NOT NULL,
	staff  {int} NOT NULL,
	PRIMARY KEY (grp, staff)
) {clustered};
CREATE INDEX scim_member_staff ON scim_member (staff);

-- What the members of a group get; purposes as in api_key.
CREATE TABLE scim_role (
	grp       {int} NOT NULL,
	role      {int} NOT NULL,
	purposes  {bytes} NOT NULL,
	PRIMARY KEY (grp, role)
) {clustered};
CREATE INDEX scim_role_role ON scim_role (role);

-- --- exports of many persons (vault/bulk.h) --------------------------------------------------------

-- asked_kind, asked_by: an actor, with their epoch.  approval: its id; NULL: one person was enough.  approver: who
-- approved, once it was used.  fields: le16 numbers.  reason: sealed under the key `staff`.  link: digest of the token.
-- state: 1 waiting, 2 linked, 3 running, 4 done, 5 cut, 6 cancelled.
CREATE TABLE bulk (
	no              {id},
	id              {bytes} NOT NULL UNIQUE,
	state           {int} NOT NULL,
	asked_kind      {int} NOT NULL,
	asked_by        {int} NOT NULL,
	asked_epoch     {int} NOT NULL,
	approval        {bytes},
	approver        {int} NOT NULL,
	approver_epoch  {int} NOT NULL,
	purpose         {int} NOT NULL,
	channel         {int},
	format          {int} NOT NULL,
	fields          {bytes} NOT NULL,
	reason          {bytes} NOT NULL,
	asked_at        {int} NOT NULL,
	expires_at      {int} NOT NULL,
	link            {bytes} UNIQUE,
	link_until      {int},
	started_at      {int},
	ended_at        {int},
	persons         {int} NOT NULL
);
