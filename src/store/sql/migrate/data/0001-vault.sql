-- The first schema of valv.db.  {id} {int} {bytes} {clustered} are spelled per database by the
-- driver (SQLite: INTEGER PRIMARY KEY, INTEGER, BLOB, WITHOUT ROWID).
-- Times are microseconds since 1970 UTC.  Every table that is bound to a subject carries the
-- subject's number first in its key; lookup and suppression are found by digest and stand apart.

CREATE TABLE setting (
	name   TEXT PRIMARY KEY,
	value  TEXT NOT NULL
) {clustered};

-- What can be held.  definition: canonical JSON, see vault/registry.h.
CREATE TABLE field (
	no          {id},
	name        TEXT NOT NULL UNIQUE,
	definition  TEXT NOT NULL,
	updated_at  {int} NOT NULL
);

-- Why data is processed.  active: the version in force, 0 for none yet.
CREATE TABLE purpose (
	no      {id},
	name    TEXT NOT NULL UNIQUE,
	active  {int} NOT NULL
);

-- state: 1 draft, 2 active, 3 replaced, 4 ended.
CREATE TABLE purpose_version (
	purpose       {int} NOT NULL,
	version       {int} NOT NULL,
	state         {int} NOT NULL,
	definition    TEXT NOT NULL,
	created_at    {int} NOT NULL,
	activated_at  {int},
	PRIMARY KEY (purpose, version)
) {clustered};

-- The words shown, by SHA-256 of their exact bytes.
CREATE TABLE notice (
	purpose   {int} NOT NULL,
	version   {int} NOT NULL,
	language  TEXT NOT NULL,
	hash      {bytes} NOT NULL,
	text      TEXT NOT NULL,
	PRIMARY KEY (purpose, version, language)
) {clustered};
CREATE INDEX notice_hash ON notice (hash);

-- One person, one row.  standing: grounds, permissions, objections, restrictions derived from the
-- ledger (vault/standing.h): all that a decision needs stands in this row.  record: the sealed
-- sections (vault/record.h).  *_tag: suppression digests of the addresses held.
-- state: 1 active, 2 erased.  due_at: when the earliest ground ends.
CREATE TABLE subject (
	no           {id},
	id           {bytes} NOT NULL,
	kind         {int} NOT NULL,
	flags        {int} NOT NULL,
	state        {int} NOT NULL,
	version      {int} NOT NULL,
	created_at   {int} NOT NULL,
	tell_by_at   {int},
	told_at      {int},
	due_at       {int},
	email_tag    {bytes},
	phone_tag    {bytes},
	post_tag     {bytes},
	standing     {bytes} NOT NULL,
	record       {bytes} NOT NULL
);
CREATE UNIQUE INDEX subject_id ON subject (id);
CREATE INDEX subject_due ON subject (due_at) WHERE due_at IS NOT NULL;

-- Keyed digests of values that can be searched for.  From person to digests: by opening the record.
CREATE TABLE lookup (
	field    {int} NOT NULL,
	digest   {bytes} NOT NULL,
	subject  {int} NOT NULL,
	PRIMARY KEY (field, digest, subject)
) {clustered};

-- The append-only ledger of acts: consent and refusal, grounds and their ends, objections,
-- restrictions, holds.  evidence is sealed under the subject's evidence key.
CREATE TABLE ledger (
	subject      {int} NOT NULL,
	seq          {int} NOT NULL,
	at           {int} NOT NULL,
	recorded_at  {int} NOT NULL,
	act          {int} NOT NULL,
	basis        {int} NOT NULL,
	purpose      {int} NOT NULL,
	version      {int} NOT NULL,
	channels     {int} NOT NULL,
	until_at     {int},
	notice       {bytes},
	method       {int} NOT NULL,
	actor_kind   {int} NOT NULL,
	actor        {int} NOT NULL,
	detail       {bytes},
	evidence     {bytes},
	PRIMARY KEY (subject, seq)
) {clustered};

-- Addresses that must not be contacted.  No subject: it outlives every one.
CREATE TABLE suppression (
	digest   {bytes} NOT NULL,
	scope    {int} NOT NULL,
	purpose  {int} NOT NULL,
	channel  {int} NOT NULL,
	at       {int} NOT NULL,
	source   {int} NOT NULL,
	PRIMARY KEY (digest, scope, purpose, channel)
) {clustered};

-- The audit log.  body: act-specific, binary, without personal data (audit/entry.h).  commitment:
-- the leaf hash of the Merkle tree, filled in by the sequencer when there is one.
CREATE TABLE entry (
	seq         {id},
	at          {int} NOT NULL,
	actor_kind  {int} NOT NULL,
	actor       {int} NOT NULL,
	act         {int} NOT NULL,
	outcome     {int} NOT NULL,
	subject     {int},
	purpose     {int},
	body        {bytes},
	commitment  {bytes}
);

CREATE TABLE api_key (
	no          {id},
	id          {bytes} NOT NULL UNIQUE,
	digest      {bytes} NOT NULL UNIQUE,
	name        TEXT NOT NULL,
	scopes      {int} NOT NULL,
	purposes    {bytes} NOT NULL,
	created_at  {int} NOT NULL,
	created_by  {int} NOT NULL,
	expires_at  {int},
	revoked_at  {int}
);

-- Replays of writes: hash, status and ids, never bodies.
CREATE TABLE idempotency (
	actor_kind   {int} NOT NULL,
	actor        {int} NOT NULL,
	digest       {bytes} NOT NULL,
	fingerprint  {bytes} NOT NULL,
	status       {int} NOT NULL,
	object       {bytes},
	at           {int} NOT NULL,
	PRIMARY KEY (actor_kind, actor, digest)
) {clustered};
CREATE INDEX idempotency_at ON idempotency (at);

-- Search and decisions by value, counted per key and hour: a personnummer can be guessed.
CREATE TABLE budget (
	actor_kind  {int} NOT NULL,
	actor       {int} NOT NULL,
	hour        {int} NOT NULL,
	used        {int} NOT NULL,
	PRIMARY KEY (actor_kind, actor, hour)
) {clustered};

-- state: 1 open, 2 finished, 3 undone.  settings and progress: JSON without personal data.
CREATE TABLE import (
	no           {id},
	id           {bytes} NOT NULL UNIQUE,
	state        {int} NOT NULL,
	settings     TEXT NOT NULL,
	progress     TEXT NOT NULL,
	at_byte      {int} NOT NULL,
	actor_kind   {int} NOT NULL,
	actor        {int} NOT NULL,
	created_at   {int} NOT NULL,
	finished_at  {int}
);

-- What an import did to whom: for the undo and for the list of those to ask first.
-- made: 1 created the person, 2 added to somebody who was there, 3 so, and others changed it since.
-- ask: 1 is to be asked first.  version: as the import left it.
CREATE TABLE import_subject (
	subject  {int} NOT NULL,
	import   {int} NOT NULL,
	made     {int} NOT NULL,
	ask      {int} NOT NULL,
	version  {int} NOT NULL,
	PRIMARY KEY (subject, import)
) {clustered};
CREATE INDEX import_subject_import ON import_subject (import, subject);

-- What it added to somebody who was there.  kind: 1 a value (object: field), 2 a ground (object: purpose,
-- detail: basis), 3 consent (object: purpose, detail: channels).
CREATE TABLE import_added (
	subject  {int} NOT NULL,
	import   {int} NOT NULL,
	kind     {int} NOT NULL,
	object   {int} NOT NULL,
	detail   {int} NOT NULL,
	PRIMARY KEY (subject, import, kind, object, detail)
) {clustered};

-- Lines that were not taken, or not wholly.  reason: see vault/import.h; field: 0 for the whole line.
CREATE TABLE import_problem (
	import  {int} NOT NULL,
	seq     {int} NOT NULL,
	line    {int} NOT NULL,
	reason  {int} NOT NULL,
	field   {int} NOT NULL,
	PRIMARY KEY (import, seq)
) {clustered};

-- Subjects whose key set in keys.db is still to be trimmed to what the record needs: written with
-- the change, removed once the keys are gone; what a crash left is swept at start.
CREATE TABLE key_trim (
	subject  {int} NOT NULL,
	version  {int} NOT NULL,
	PRIMARY KEY (subject, version)
) {clustered};

-- Contacts that decisions allowed, for purposes with a frequency cap, as long as its period.
CREATE TABLE contact (
	subject  {int} NOT NULL,
	purpose  {int} NOT NULL,
	channel  {int} NOT NULL,
	at       {int} NOT NULL,
	entry    {int} NOT NULL,
	PRIMARY KEY (subject, purpose, channel, at, entry)
) {clustered};
